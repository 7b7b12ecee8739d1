export { authenticateAgent } from "./authenticate-agent.ts";
export { createAgent } from "./create-agent.ts";
export { listAgentKeys, revokeAgent, revokeAgentKey, rotateAgentKey } from "./keys.ts";
export {
  CreateAgentInput,
  CreateAgentOutput,
  ListAgentKeysInput,
  ListAgentKeysOutput,
  RevokeAgentInput,
  RevokeAgentKeyInput,
  RevokeOutput,
  RotateAgentKeyInput,
} from "./schema.ts";
