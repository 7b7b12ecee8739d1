export { type Run, runService } from "./run-service.ts";
export { RunServiceInput, RunServiceOutput } from "./schema.ts";
