export { planService } from "./plan-service.ts";
export { PlanInput, PlanOutput } from "./schema.ts";
