export { listOwnAgents } from "./list-own-agents.ts";
export { ListOwnAgentsOutput } from "./schema.ts";
