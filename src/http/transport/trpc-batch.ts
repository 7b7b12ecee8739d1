import type { IncomingMessage, ServerResponse } from "node:http";
import { surfaceOf } from "../../api/operation/operation-id.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { inSpan } from "../../core/ports/tracing.ts";
import { decodePart, targetOf } from "../request/request-target.ts";
import { sendText } from "../request/send.ts";
import { writeHead } from "../request/write-head.ts";
import type { Api, RequestContext } from "./call-context.ts";
import { createCallContext, createRequestContext } from "./call-context.ts";
import type { Handler } from "./handle-call.ts";
import { JsonLines } from "./json-lines.ts";
import type { Call, NotFound, Outcome } from "./perform-call.ts";
import { find, performCall, recordCall, UNMATCHED } from "./perform-call.ts";
import type { TrpcProtocol } from "./trpc-protocol.ts";
import { readTrpcInput, TRPC_PREFIX } from "./trpc-protocol.ts";

/** The most calls of one batch. The rate limits count each call, so this only bounds the work of one request. */
const MAX_BATCH_CALLS = 100;

/** How many calls of one batch run at a time. A batch must not take all database connections from others. */
const MAX_AT_ONCE = 8;

/** A batch makes no further call once its answers are so long together, in characters. */
const MAX_ANSWERS = 4 * 1024 * 1024;

/** Headers that belong to one call. In a batch, nothing says to which. */
const HEADERS_OF_ONE_CALL = ["idempotency-key", "payment-signature", "x-payment"] as const;

/**
 * Creates the handler of tRPC's batches: `/trpc/agent.flowStatus,agent.getTask?batch=1`, with one input for each
 * call under its index. Each call has a context of its own. It is authenticated, counted, limited, audited and
 * recorded as if it had come alone, and its response headers aren't sent, since they would look like those of the
 * other calls. The response is a list in the order of the calls, or a stream of results as they come.
 */
export function createBatchHandler(api: Api, protocol: TrpcProtocol): Handler {
  /** Makes one call of a batch, and records it. Its audit row is durable when this returns. */
  const perform = (request: RequestContext, name: string, found: Call | NotFound): Promise<Outcome> =>
    inSpan(UNMATCHED, {}, async (span) => {
      const started = performance.now();
      const surface = surfaceOf(name);
      const endpoint = `${TRPC_PREFIX}${name}`;
      const ctx = createCallContext(api, request, { surface: surface ?? "agent", endpoint });
      const outcome = await performCall(ctx, protocol, found, surface !== undefined);
      recordCall(api, ctx, span, started, outcome);
      return outcome;
    });

  return async (req, res) => {
    const request = createRequestContext(api, "trpc", req, res);
    if (req.method === "OPTIONS") {
      writeHead(req, res, 204, { Allow: "GET, HEAD, POST, OPTIONS" });
      res.end();
      return;
    }
    const names = find(() => readNames(req));
    if ("refusal" in names) {
      const { status, headers, content } = await perform(request, firstNameOf(req), names);
      sendText(req, res, status, headers, textOf(content));
      return;
    }
    const inputs = readInputs(req);
    let answered = 0;
    const calls = names.map((name, index) => {
      const found = find(() => locate(protocol, name, req.method, names.length));
      const call: Call | NotFound =
        "refusal" in found
          ? found
          : { operation: found, readInput: async () => (await inputs())[String(index)] };
      return async (): Promise<Outcome> => {
        const outcome = await perform(request, name, answered > MAX_ANSWERS ? { refusal: notMade() } : call);
        answered += textOf(outcome.content).length;
        return outcome;
      };
    });
    if (wantsStream(req)) await stream(req, res, calls);
    else sendList(req, res, await runAll(calls));
  };
}

/** The answers of a batch wait for one another, and would fill the memory meanwhile. */
const notMade = (): AppError =>
  new AppError("rate_limited", {
    message:
      "This call wasn't made, since the answers of its batch are large already. Repeat it in another batch.",
    retryAfterSeconds: 1,
  });

/** The names of the called procedures. @throws AppError if the whole batch is refused */
function readNames(req: IncomingMessage): string[] {
  const names = decodePart(targetOf(req).path.slice(TRPC_PREFIX.length)).split(",");
  if (names.length > MAX_BATCH_CALLS)
    throw new AppError("invalid_request", {
      message: `A batch may hold at most ${MAX_BATCH_CALLS} calls.`,
    });
  const header = HEADERS_OF_ONE_CALL.find((name) => req.headers[name] !== undefined);
  if (names.length > 1 && header !== undefined)
    throw new AppError("invalid_request", {
      message: `The header ${header} belongs to one call. Send that call by itself.`,
    });
  return names;
}

/** The audit row of a refused batch names its first call. */
const firstNameOf = (req: IncomingMessage): string =>
  targetOf(req).path.slice(TRPC_PREFIX.length).split(/,|%2c/i, 1)[0] ?? "";

/** @throws AppError if there is no such procedure, or it can't be called in this batch */
function locate(protocol: TrpcProtocol, name: string, method: string | undefined, calls: number) {
  const operation = protocol.find(name, method);
  if (calls > 1 && operation.meta.file !== undefined)
    throw new AppError("invalid_request", { message: "Fetch a file by a call of its own." });
  return operation;
}

/** The inputs by index. The request is read at most once. If it can't be read, each call gets the error. */
function readInputs(req: IncomingMessage): () => Promise<Record<string, unknown>> {
  let inputs: Promise<Record<string, unknown>> | undefined;
  const read = async (): Promise<Record<string, unknown>> => {
    const value = (await readTrpcInput(req)) ?? {};
    if (typeof value !== "object" || Array.isArray(value))
      throw new AppError("invalid_request", {
        message: "The input of a batch is an object with the input of each call under its index.",
      });
    return value as Record<string, unknown>;
  };
  return () => (inputs ??= read());
}

/** `httpBatchStreamLink` names the format in one of these headers. */
const wantsStream = ({ method, headers }: IncomingMessage): boolean =>
  method !== "HEAD" &&
  (headers["trpc-accept"] === "application/jsonl" ||
    (headers.accept ?? "").split(",").some((type) => type.trim() === "application/jsonl"));

/** Runs some of the calls at a time. `onOutcome` gets each outcome as soon as it is there. */
async function runAll(
  calls: (() => Promise<Outcome>)[],
  onOutcome: (index: number, outcome: Outcome) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = calls.entries();
  const work = async (): Promise<void> => {
    for (const [index, call] of waiting) {
      const outcome = await call();
      outcomes[index] = outcome;
      await onOutcome(index, outcome);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  return outcomes;
}

/** A batch of one call has that call's status and headers. Of several calls, 207 says that their statuses differ. */
function sendList(req: IncomingMessage, res: ServerResponse, outcomes: Outcome[]): void {
  const [first] = outcomes;
  const statuses = new Set(outcomes.map(({ status }) => status));
  const status = statuses.size === 1 && first !== undefined ? first.status : 207;
  const headers = outcomes.length === 1 && first !== undefined ? first.headers : {};
  sendText(req, res, status, headers, `[${outcomes.map(({ content }) => textOf(content)).join(",")}]`);
}

/** Sends each result when its call has ended. The status is sent before that, so it says nothing of the calls. */
async function stream(
  req: IncomingMessage,
  res: ServerResponse,
  calls: (() => Promise<Outcome>)[],
): Promise<void> {
  const lines = new JsonLines(req, res, calls.length);
  await runAll(calls, (index, { content }) => lines.write(index, textOf(content)));
  lines.end();
}

function textOf(content: Outcome["content"]): string {
  if ("text" in content) return content.text;
  throw new Error("tRPC has neither files nor bytes");
}
