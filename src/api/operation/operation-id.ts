import type { Surface } from "./operation-meta.ts";
import { SURFACES } from "./operation-meta.ts";

/** @example toSnakeCase("runService") // "run_service" */
const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** By tRPC path. Only paths of operations are asked for. */
const operationIds = new Map<string, string>();

/**
 * The operation id of a tRPC path. The OpenAPI document, next actions, audit rows and metrics use this id.
 *
 * @example toOperationId("agent.runService") // "agent_run_service"
 */
export function toOperationId(trpcPath: string): string {
  let id = operationIds.get(trpcPath);
  if (id === undefined) operationIds.set(trpcPath, (id = trpcPath.split(".").map(toSnakeCase).join("_")));
  return id;
}

/**
 * The surface of a tRPC path (`agent.auth`) or a URL path (`/agent/auth`). Undefined if the path is under
 * none.
 */
export function surfaceOf(path: string): Surface | undefined {
  const [first] = path.replace(/^\//, "").split(/[./]/, 1);
  return SURFACES.find((surface) => surface === first);
}
