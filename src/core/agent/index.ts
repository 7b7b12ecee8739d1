export { authenticateAgent } from "./authenticate-agent.ts";
export { createAgent } from "./create-agent.ts";
export {
  DEFAULT_OVERLAP_SECONDS,
  listAgentKeys,
  revokeAgent,
  revokeAgentKey,
  rotateAgentKey,
} from "./keys.ts";
export {
  CreateAgentInput,
  CreateAgentOutput,
  ListAgentKeysInput,
  ListAgentKeysOutput,
  Overlap,
  RevokeAgentInput,
  RevokeAgentKeyInput,
  RevokeOutput,
  RotateAgentKeyInput,
  RotateKeyOutput,
} from "./schema.ts";
