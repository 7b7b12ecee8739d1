/** Planning a run: what it would take, without running it. */
export { planService } from "./plan-service.ts";
export { PlanInput, PlanOutput } from "./schema.ts";
