import type { Call } from "./transport.ts";
import type { Procedures, ProcedureTypes } from "./types.ts";

export interface CallOptions {
  /** Aborts the call, and the waits before retries. */
  signal?: AbortSignal | undefined;
}

/** Calls a procedure. An input that is optional can be left out. */
type Send<Input, Answer> = undefined extends Input
  ? (input?: Input, options?: CallOptions) => Promise<Answer>
  : (input: Input, options?: CallOptions) => Promise<Answer>;

/** Each procedure with its one method: `query` or `mutate`. */
type Callable<Entries> = {
  readonly [Name in keyof Entries]: Entries[Name] extends ProcedureTypes<"query", infer Input, infer Answer>
    ? { query: Send<Input, Answer> }
    : Entries[Name] extends ProcedureTypes<"mutation", infer Input, infer Answer>
      ? { mutate: Send<Input, Answer> }
      : Callable<Entries[Name]>;
};

/**
 * All procedures of the API, with the types of their inputs, responses and call options. The type is our own, so
 * that the published client needs no package: not even for its types.
 *
 * @example const { data, next_actions } = await api.agent.searchServices.query({ q: "weather" });
 */
export type TollfreeApi = Callable<Procedures>;

/** The call options for an optional signal. */
export const callOptions = (signal: AbortSignal | undefined): CallOptions =>
  signal === undefined ? {} : { signal };

/** The call type that the last name of a path stands for, as in `api.agent.searchServices.query`. */
const CALL_TYPES: Record<string, Call["type"]> = { query: "query", mutate: "mutation" };

/** Creates the typed procedures. `send` sends each call. */
export const createProcedures = (send: (call: Call) => Promise<unknown>): TollfreeApi =>
  proxyAt([], send) as TollfreeApi;

/**
 * A proxy that collects property names as a path until it is called. It has no `then`, so `await` doesn't
 * call it.
 */
function proxyAt(path: readonly string[], send: (call: Call) => Promise<unknown>): unknown {
  return new Proxy(() => undefined, {
    get: (_target, name) =>
      typeof name === "string" && name !== "then" ? proxyAt([...path, name], send) : undefined,
    apply(_target, _this, [input, options]: [unknown, CallOptions | undefined]) {
      const type = CALL_TYPES[path.at(-1) ?? ""];
      if (type === undefined) throw new TypeError(`${path.join(".")} is neither a query nor a mutation`);
      return send({ path: path.slice(0, -1).join("."), type, input, signal: options?.signal });
    },
  });
}
