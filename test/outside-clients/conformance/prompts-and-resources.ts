import type { GetPromptResult, McpServer } from "@modelcontextprotocol/server";
import { acceptedContent, inputRequired, ResourceTemplate } from "@modelcontextprotocol/server";
import { z } from "zod";
import { PIXEL } from "./content-tools.ts";

/** What the suite asks of servers besides tools. Tollfree has only tools; these show that the mounting carries the rest. */

const prompt = (...content: GetPromptResult["messages"][number]["content"][]): GetPromptResult => ({
  messages: content.map((one) => ({ role: "user", content: one })),
});
const text = (value: string) => ({ type: "text" as const, text: value });

function registerPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "No arguments" }, () =>
    prompt(text("This is a simple prompt for testing.")),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "Two arguments", argsSchema: z.object({ arg1: z.string(), arg2: z.string() }) },
    ({ arg1, arg2 }) => prompt(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "Holds a resource", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) =>
      prompt(
        {
          type: "resource",
          resource: { uri, mimeType: "text/plain", text: "Embedded resource content for testing." },
        },
        text("Please process the embedded resource above."),
      ),
  );
  server.registerPrompt("test_prompt_with_image", { description: "Holds an image" }, () =>
    prompt({ type: "image", data: PIXEL, mimeType: "image/png" }, text("Please analyze the image above.")),
  );
  server.registerPrompt("test_input_required_result_prompt", { description: "Asks first" }, (given) => {
    const { mcpReq } = given;
    const answer = acceptedContent<{ context: string }>(mcpReq.inputResponses, "user_context");
    if (answer !== undefined) return prompt(text(`Use the following context: ${answer.context}`));
    const requestedSchema = {
      type: "object" as const,
      properties: { context: { type: "string" as const } },
      required: ["context"],
    };
    const user_context = inputRequired.elicit({ message: "Which context?", requestedSchema });
    return inputRequired({ inputRequests: { user_context } });
  });
}

function registerResources(server: McpServer): void {
  const resources = {
    "test://static-text": {
      mimeType: "text/plain",
      text: "This is the content of the static text resource.",
    },
    "test://static-binary": { mimeType: "image/png", blob: PIXEL },
    "test://watched-resource": { mimeType: "text/plain", text: "Watched resource content" },
  };
  for (const [uri, content] of Object.entries(resources))
    server.registerResource(uri.slice("test://".length), uri, { mimeType: content.mimeType }, () => ({
      contents: [{ uri, ...content }],
    }));
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { mimeType: "application/json" },
    ({ href: uri }, { id }) => ({
      contents: [
        {
          uri,
          mimeType: "application/json",
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  );
}

export function registerPromptsAndResources(server: McpServer): void {
  server.server.registerCapabilities({
    ...{ logging: {}, completions: {} },
    prompts: { listChanged: false },
    resources: { subscribe: true, listChanged: false },
  });
  registerPrompts(server);
  registerResources(server);
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
  server.server.setRequestHandler("logging/setLevel", () => ({}));
  server.server.setRequestHandler("completion/complete", () => ({
    completion: { values: [], total: 0, hasMore: false },
  }));
}
