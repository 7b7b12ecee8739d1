export { readAgentUsage } from "./read-usage.ts";
export { AgentUsageOutput } from "./schema.ts";
