export { createEndpoint } from "./create-endpoint.ts";
export { deleteEndpoint, rotateSecret } from "./change-endpoint.ts";
export { getEndpoint, listEndpoints, viewOf } from "./list-endpoints.ts";
export type { Listener } from "./listener.ts";
export { agentListener, changeOfListener, readListener, sponsorListener } from "./listener.ts";
export {
  boundWaiting,
  deleteEndedEndpoints,
  noteAttempt,
  releaseEndpoint,
  takeEndpoints,
} from "./queue-store.ts";
export type { TakenEndpoint } from "./queue-store.ts";
export { requireCallable } from "./rules.ts";
export {
  AgentWebhookInput,
  AgentWebhooksInput,
  AttemptFailure,
  ChangeAgentWebhookInput,
  ChangeWebhookInput,
  CreateAgentWebhookInput,
  CreateWebhookInput,
  DeletedWebhookOutput,
  ListWebhooksInput,
  ListWebhooksOutput,
  NewWebhookOutput,
  RotateAgentWebhookSecretInput,
  RotateWebhookSecretInput,
  WebhookInput,
  WebhookView,
} from "./schema.ts";
export { endEndpointsOf, findEndpointOf, lockActive, lockListener, updateEndpoint } from "./store.ts";
