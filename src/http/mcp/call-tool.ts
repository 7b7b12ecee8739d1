import { inSpan } from "../../core/ports/tracing.ts";
import type { Tool } from "../../api/mcp/tools.ts";
import { toToolRefusal, toToolResult } from "../../api/mcp/tool-result.ts";
import { readDetail } from "../../api/response/concise/index.ts";
import type { ErrorEnvelope, WireNextAction } from "../../api/response/envelope.ts";
import type { Api, RequestContext } from "../transport/call-context.ts";
import { createCallContext } from "../transport/call-context.ts";
import { performCall, recordCall, UNMATCHED } from "../transport/perform-call.ts";

/** How a tool's call ended. */
export type ToolOutcome =
  | { ok: true; result: Record<string, unknown> }
  /** `error` is the envelope as other surfaces have it; `refusal` the same for a model, whose actions name tools. */
  | { ok: false; error: ErrorEnvelope; refusal: Record<string, unknown> };

/** A call is sent as an object: there is no HTTP response of its own. */
const PLAIN = { success: (data: unknown) => data, failure: ({ body }: { body: ErrorEnvelope }) => body };

/** Calls a tool's operation, with the limits, audit and errors of the other surfaces. It never throws. */
export const callTool = (
  api: Api,
  request: RequestContext,
  { name, operation }: Tool,
  { detail, ...args }: Record<string, unknown>,
): Promise<ToolOutcome> =>
  inSpan(UNMATCHED, {}, async (span) => {
    const started = performance.now();
    const ctx = createCallContext(api, request, { surface: "mcp", endpoint: endpointOf(name, args) });
    ctx.detail = "concise";
    const readInput = (): Promise<unknown> => {
      ctx.detail = readDetail(detail);
      return Promise.resolve(args);
    };
    const outcome = await performCall(ctx, PLAIN, { operation, readInput });
    recordCall(api, ctx, span, started, outcome);
    const { error, content } = outcome;
    if (error !== undefined) return { ok: false, error: error.body, refusal: toToolRefusal(error.body) };
    const answer = JSON.parse("text" in content ? content.text : "{}") as {
      data: Record<string, unknown>;
      next_actions: WireNextAction[];
    };
    return { ok: true, result: toToolResult(answer) };
  });

/** What the audit row calls the call's address: all tools have one, so the service or the tool is named with it. */
const endpointOf = (tool: string, { service_key: service }: Record<string, unknown>): string =>
  tool === "run_service" && typeof service === "string" && SERVICE_KEY.test(service)
    ? `/mcp/services/${service}/run`
    : `/mcp/${tool}`;

const SERVICE_KEY = /^[a-z0-9._-]{1,64}$/;
