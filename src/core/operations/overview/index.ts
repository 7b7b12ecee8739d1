export { readOverview } from "./read-overview.ts";
export { OverviewOutput } from "./schema.ts";
