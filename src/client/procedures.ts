import type { TRPCClient } from "@trpc/client";
import type { AppRouter } from "../api/router.ts";
import type { Call } from "./transport.ts";

/**
 * Every procedure of the API, fully typed: inputs, answers in their envelope, and what they are called with.
 *
 * @example const { data, next_actions } = await api.agent.searchServices.query({ q: "weather" });
 */
export type TollfreeApi = TRPCClient<AppRouter>;

/** A call's options, where there may be a signal. */
export const aborting = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

/** What the last step of `api.agent.searchServices.query` means. */
const TYPES: Record<string, Call["type"]> = { query: "query", mutate: "mutation" };

/** The typed procedures over something that sends calls. */
export const createProcedures = (send: (call: Call) => Promise<unknown>): TollfreeApi =>
  step([], send) as TollfreeApi;

/** A proxy that collects a path until it is called; it can't be mistaken for a promise. */
function step(path: readonly string[], send: (call: Call) => Promise<unknown>): unknown {
  return new Proxy(() => undefined, {
    get: (_target, name) =>
      typeof name === "string" && name !== "then" ? step([...path, name], send) : undefined,
    apply(_target, _this, [input, options]: [unknown, { signal?: AbortSignal } | undefined]) {
      const type = TYPES[path.at(-1) ?? ""];
      if (type === undefined) throw new TypeError(`${path.join(".")} is neither a query nor a mutation`);
      return send({ path: path.slice(0, -1).join("."), type, input, signal: options?.signal });
    },
  });
}
