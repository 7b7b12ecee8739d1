/** Running a service at a sponsor's expense: `run_service`. */
export type { Run } from "./respond.ts";
export { runService } from "./run-service.ts";
export { RunServiceInput, RunServiceOutput } from "./schema.ts";
