export { flowStatus } from "./flow-status.ts";
export { FlowStatusOutput } from "./schema.ts";
