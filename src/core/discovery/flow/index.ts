/** Flow status: where a session stands, and what the agent can do next. */
export { flowStatus } from "./flow-status.ts";
export { FlowStatusOutput } from "./schema.ts";
