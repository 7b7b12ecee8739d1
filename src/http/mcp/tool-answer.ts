import type { CallToolResult, InputRequiredResult, ServerContext } from "@modelcontextprotocol/server";
import type { Tool } from "../../api/mcp/tools.ts";
import type { Api, RequestContext } from "../transport/call-context.ts";
import { approvalOf, askUser, messageOf } from "./ask-user.ts";
import { callTool } from "./call-tool.ts";

interface Host {
  ctx: ServerContext;
  era: "legacy" | "modern";
  opensLinks: boolean;
  mintState: (approvalId: string) => Promise<string>;
}

/** Calls a tool, and answers as the protocol has it. */
export async function answerWith(
  api: Api,
  request: RequestContext,
  tool: Tool,
  args: unknown,
  { ctx, ...host }: Host,
): Promise<CallToolResult | InputRequiredResult> {
  const outcome = await callTool(api, request, tool, (args ?? {}) as Record<string, unknown>);
  // Hosts that don't know structured content show the text to the model, so it holds the same.
  if (outcome.ok) return { content: [text(outcome.result)], structuredContent: outcome.result };
  const { error, refusal } = outcome;
  const approval = approvalOf(error);
  const otherwise = (): CallToolResult => ({
    isError: true,
    content: [
      ...(approval === undefined
        ? []
        : [
            { type: "text" as const, text: `${messageOf(approval)} Then call this tool again.` },
            {
              type: "resource_link" as const,
              uri: approval.approval_url,
              name: "Answer the agent",
              mimeType: "text/html",
            },
          ]),
      text(refusal),
    ],
    // Clients of the 1.x line hold it against the output schema even then, and throw.
    ...(host.era === "modern" && { structuredContent: refusal }),
  });
  return approval === undefined ? otherwise() : askUser(approval, ctx, { ...host, otherwise });
}

const text = (value: object) => ({ type: "text" as const, text: JSON.stringify(value) });
