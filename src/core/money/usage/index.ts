export { UsageInput, UsageOutput } from "./schema.ts";
export { usageRecord } from "./usage-record.ts";
