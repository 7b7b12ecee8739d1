import type {
  CallToolResult,
  InputRequests,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from "@modelcontextprotocol/server";
import { acceptedContent, CLIENT_CAPABILITIES_META_KEY, inputRequired } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { RequestHost } from "../../../src/http/mcp/mount-mcp.ts";

/** The suite's tools that need something of the host before they answer. Their names are the suite's. */

const NOTHING = z.object({});

/** Asks the person for one field. */
const askFor = (message: string, field: string) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [field]: { type: "string" } }, required: [field] },
  });

const askModel = (question: string) =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: question } }],
    maxTokens: 100,
  });

const say = (value: string): CallToolResult => ({ content: [{ type: "text", text: value }] });

/** What the host's model or file system answered. */
const answerOf = ({ mcpReq }: ServerContext, name: string) =>
  mcpReq.inputResponses?.[name] as { content?: { text?: string }; roots?: unknown[] } | undefined;

const nameOf = ({ mcpReq }: ServerContext, request: string): string | undefined =>
  acceptedContent<{ name: string }>(mcpReq.inputResponses, request)?.name;

const ASK_NAME = askFor("What is your name?", "name");

type Tools = Record<
  string,
  (ctx: ServerContext) => CallToolResult | InputRequiredResult | Promise<InputRequiredResult | CallToolResult>
>;

/** One question, and then an answer. */
const ONE_ROUND: Tools = {
  test_input_required_result_elicitation: (ctx) => {
    const name = nameOf(ctx, "user_name");
    return typeof name === "string"
      ? say(`Hello, ${name}!`)
      : inputRequired({ inputRequests: { user_name: ASK_NAME } });
  },
  test_input_required_result_sampling: (ctx) => {
    const answer = answerOf(ctx, "capital_question");
    return answer === undefined
      ? inputRequired({ inputRequests: { capital_question: askModel("What is the capital of France?") } })
      : say(`Sampling response: ${answer.content?.text ?? ""}`);
  },
  test_input_required_result_list_roots: (ctx) => {
    const roots = answerOf(ctx, "client_roots")?.roots;
    return Array.isArray(roots)
      ? say(`Client exposed ${roots.length} root(s)`)
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  },
  test_missing_capability: (ctx) =>
    answerOf(ctx, "llm_answer") === undefined
      ? inputRequired({ inputRequests: { llm_answer: askModel("Reply with the single word: pong") } })
      : say("sampling round-trip complete"),
  // Asks only for what the host says that it can.
  test_input_required_result_capabilities: (ctx) => {
    if (ctx.mcpReq.inputResponses !== undefined) return say("Capability-aware input requests fulfilled");
    const envelope = ctx.mcpReq.envelope as Record<string, unknown> | undefined;
    const can = (envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Record<string, object | undefined>;
    const inputRequests: InputRequests = {
      ...(can["elicitation"] !== undefined && { user_name: ASK_NAME }),
      ...(can["sampling"] !== undefined && { greeting: askModel("Generate a short greeting") }),
      ...(can["roots"] !== undefined && { client_roots: inputRequired.listRoots() }),
    };
    return Object.keys(inputRequests).length === 0
      ? say("The host can answer nothing")
      : inputRequired({ inputRequests });
  },
};

/** Several rounds, between which the host keeps a signed state. */
const withState = (mint: (state: Record<string, unknown>, ctx: ServerContext) => Promise<string>): Tools => {
  const confirm = async (ctx: ServerContext, verified: string) =>
    ctx.mcpReq.requestState() !== undefined &&
    acceptedContent(ctx.mcpReq.inputResponses, "confirm") !== undefined
      ? say(verified)
      : inputRequired({
          inputRequests: { confirm: askFor("Please confirm", "ok") },
          requestState: await mint({ step: "confirm" }, ctx),
        });
  return {
    test_input_required_result_request_state: (ctx) => confirm(ctx, "state-ok"),
    test_input_required_result_tampered_state: (ctx) => confirm(ctx, "integrity-ok"),
    test_input_required_result_multiple_inputs: async (ctx) => {
      const name = nameOf(ctx, "user_name");
      const greeting = answerOf(ctx, "greeting")?.content?.text;
      const roots = answerOf(ctx, "client_roots")?.roots;
      return name !== undefined && greeting !== undefined && roots !== undefined
        ? say(`${greeting} ${name}, ${roots.length} root(s)`)
        : inputRequired({
            inputRequests: {
              user_name: ASK_NAME,
              greeting: askModel("Generate a greeting"),
              client_roots: inputRequired.listRoots(),
            },
            requestState: await mint({ step: "all" }, ctx),
          });
    },
    test_input_required_result_multi_round: async (ctx) => {
      const { round = 0, name = "" } = ctx.mcpReq.requestState<{ round: number; name: string }>() ?? {};
      const step = async (question: InputRequests, state: Record<string, unknown>) =>
        inputRequired({ inputRequests: question, requestState: await mint(state, ctx) });
      if (round === 0) return step({ step1: askFor("Step 1: What is your name?", "name") }, { round: 1 });
      if (round === 1)
        return step(
          { step2: askFor("Step 2: What is your favorite color?", "color") },
          { round: 2, name: nameOf(ctx, "step1") ?? "unknown" },
        );
      const answer = acceptedContent<{ color: string }>(ctx.mcpReq.inputResponses, "step2");
      return say(`Multi-round complete: ${name} likes ${answer?.color ?? "unknown"}`);
    },
  };
};

export function registerInputTools(server: McpServer, { mintState }: RequestHost): void {
  for (const [name, answer] of Object.entries({ ...ONE_ROUND, ...withState(mintState) }))
    server.registerTool(name, { description: name, inputSchema: NOTHING }, (_args, ctx) => answer(ctx));
}
