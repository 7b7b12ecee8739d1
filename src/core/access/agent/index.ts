export { authenticateAgent } from "./authenticate-agent.ts";
export { putClientAgent, setClientOfAgent } from "./client-store.ts";
export { createAgent } from "./create-agent.ts";
export { acceptAgent, endAgentOffer, offerAgent, setOwnReturnUrl } from "./hand-over.ts";
export { listAgents } from "./list-agents.ts";
export { getOwnAgent, listBuiltAgents } from "./own-agents.ts";
export { addOwnKey, changeOwned, endOwnKey, retireOwnAgent, rotateOwnKey } from "./own-keys.ts";
export { misleadingName, ownNames } from "./name-rules.ts";
export { OWNER, ownerDomainOf } from "./owner-domain.ts";
export type { AgentOwner } from "./owner-domain.ts";
export {
  ChangedAgentOutput,
  ListBuiltAgentsOutput,
  NewKeyOutput,
  OfferAgentInput,
  OwnAgentInput,
  OwnAgentOutput,
  OwnKeyInput,
  RegisterAgentInput,
  RotateOwnKeyInput,
  SetReturnUrlInput,
} from "./owner-schema.ts";
export { readReturnUrl } from "./return-url.ts";
export { registerAgent } from "./register-agent.ts";
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
export { endOffersTo, eraseOwnedAgents, listActiveOwned } from "./erase-store.ts";
