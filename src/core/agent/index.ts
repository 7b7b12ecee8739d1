export { authenticateAgent } from "./authenticate-agent.ts";
export { createAgent } from "./create-agent.ts";
export { CreateAgentInput, CreateAgentOutput } from "./schema.ts";
