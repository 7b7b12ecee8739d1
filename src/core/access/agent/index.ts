export { authenticateAgent } from "./authenticate-agent.ts";
export { createAgent } from "./create-agent.ts";
export { listAgents } from "./list-agents.ts";
export { listAgentKeys, revokeAgent, revokeAgentKey, rotateAgentKey } from "./keys.ts";
export {
  CreateAgentInput,
  CreateAgentOutput,
  ListAgentKeysInput,
  ListAgentKeysOutput,
  ListAgentsInput,
  ListAgentsOutput,
  RevokeAgentInput,
  RevokeAgentKeyInput,
  RevokeOutput,
  RotateAgentKeyInput,
} from "./schema.ts";
export { exportOwnedAgents } from "./export-store.ts";
