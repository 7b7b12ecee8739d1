import type { Surface } from "./operation-meta.ts";
import { SURFACES } from "./operation-meta.ts";

/** @example toSnakeCase("runService") // "run_service" */
const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * An operation's id from its tRPC path: in the document, in next actions, in audit rows, as MCP tool name.
 *
 * @example toOperationId("agent.runService") // "agent_run_service"
 */
export const toOperationId = (trpcPath: string): string => trpcPath.split(".").map(toSnakeCase).join("_");

/** The surface a tRPC path (`agent.auth`) or a URL path (`/agent/auth`) belongs to, if any. */
export function surfaceOf(path: string): Surface | undefined {
  const [first] = path.replace(/^\//, "").split(/[./]/, 1);
  return SURFACES.find((surface) => surface === first);
}
