import type { TRPCClient } from "@trpc/client";
import type { AppRouter } from "../api/router.ts";
import type { Call } from "./transport.ts";

/**
 * All procedures of the API, with the types of their inputs, responses and call options.
 *
 * @example const { data, next_actions } = await api.agent.searchServices.query({ q: "weather" });
 */
export type TollfreeApi = TRPCClient<AppRouter>;

/** The call options for an optional signal. */
export const callOptions = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
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
    apply(_target, _this, [input, options]: [unknown, { signal?: AbortSignal } | undefined]) {
      const type = CALL_TYPES[path.at(-1) ?? ""];
      if (type === undefined) throw new TypeError(`${path.join(".")} is neither a query nor a mutation`);
      return send({ path: path.slice(0, -1).join("."), type, input, signal: options?.signal });
    },
  });
}
