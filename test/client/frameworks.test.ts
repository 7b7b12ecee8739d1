import type { ToolSet } from "ai";
import { generateText, jsonSchema, stepCountIs, tool } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import type OpenAI from "openai";
import { beforeEach, describe, expect, test } from "vitest";
import type { Agent, ServiceTool } from "../../src/client/index.ts";
import { connect, toOpenAiTool, tools } from "../../src/client/index.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { useClientWorld } from "./use-client-world.ts";

/** Services as tools of the AI SDK and of OpenAI's, wired as docs/function-calling.md says. */

const world = useClientWorld();
let agent: Agent;
let offered: ServiceTool;

beforeEach(async () => {
  const { service } = await world.sponsorService();
  agent = await connect(world.connectOptions());
  const found = (await tools(agent)).find(({ serviceKey }) => serviceKey === service);
  if (found === undefined) throw new Error("the service isn't offered");
  offered = found;
});

const expectPaid = (): Promise<void> =>
  eventually(async () => {
    const payments = await world.db.payment.findMany({ where: { payTo: world.upstream.payTo } });
    expect(payments).toMatchObject([{ status: "settled", service: offered.serviceKey }]);
    expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
  });

describe("the AI SDK", () => {
  const toolSet = (): ToolSet => {
    const { name, description, parameters, execute } = offered;
    return { [name]: tool({ description, inputSchema: jsonSchema(parameters), execute }) };
  };

  const usage = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  };
  /** A model that calls the tool with this input, and then says what came back. */
  const modelThatCalls = (input: object): MockLanguageModelV3 =>
    new MockLanguageModelV3({
      doGenerate: async ({ prompt, tools: given }) => {
        const last = prompt.at(-1);
        if (last?.role === "tool") {
          const text = JSON.stringify(last.content);
          const finishReason = { unified: "stop" as const, raw: undefined };
          return { content: [{ type: "text", text }], finishReason, usage, warnings: [] };
        }
        const [first] = given ?? [];
        const call = {
          type: "tool-call" as const,
          toolCallId: "1",
          toolName: first?.name ?? "",
          input: JSON.stringify(input),
        };
        return {
          content: [call],
          finishReason: { unified: "tool-calls" as const, raw: undefined },
          usage,
          warnings: [],
        };
      },
    });
  const answer = (model: MockLanguageModelV3) =>
    generateText({ model, prompt: "Echo 7", tools: toolSet(), stopWhen: stepCountIs(3) });

  test("a loop that calls a service's tool ends in a paid run, and the model gets the output", async () => {
    const model = modelThatCalls({ n: 7 });
    const { text, steps } = await answer(model);
    expect(steps.map(({ toolResults }) => toolResults.map(({ output }) => output as unknown))).toEqual([
      [{ echo: { n: 7 } }],
      [],
    ]);
    expect(text).toContain('{"n":7}');
    expect(model.doGenerateCalls[0]?.tools).toMatchObject([
      { type: "function", name: offered.name, inputSchema: offered.parameters },
    ]);
    await expectPaid();
  });

  test("a wrong input is the tool's error, which the model gets to read, and nothing is paid", async () => {
    const { text, steps } = await answer(modelThatCalls({ n: "seven" }));
    expect(steps[0]?.content).toMatchObject([
      { type: "tool-call" },
      { type: "tool-error", error: { code: "validation_error", fieldErrors: [{ path: "/input/n" }] } },
    ]);
    expect(text).toContain("error-text");
    expect(text).toContain("/input/n: ");
    expect(text).toContain("Don't make the same call again.");
    expect(world.upstream.paid()).toEqual([]);
  });

  test("an aborted loop aborts the tool's run, and nothing is paid", async () => {
    const { steps } = await generateText({
      model: modelThatCalls({ n: 7 }),
      prompt: "Echo 7",
      tools: toolSet(),
      abortSignal: AbortSignal.abort(),
    });
    const failed = steps[0]?.content.find(({ type }) => type === "tool-error");
    expect(failed).toMatchObject({ error: { name: "AbortError" } });
    expect(world.upstream.paid()).toEqual([]);
  });
});

test("OpenAI's SDK takes the tools' definitions, and a call as it comes from there is a paid run", async () => {
  const definitions: OpenAI.Chat.Completions.ChatCompletionTool[] = [offered].map(toOpenAiTool);
  expect(definitions).toMatchObject([{ type: "function", function: { name: offered.name } }]);
  const call: OpenAI.Chat.Completions.ChatCompletionMessageFunctionToolCall = {
    id: "call_1",
    type: "function",
    function: { name: offered.name, arguments: '{"n":7}' },
  };
  expect(await offered.execute(JSON.parse(call.function.arguments) as { n: number })).toEqual({
    echo: { n: 7 },
  });
  await expectPaid();
});
