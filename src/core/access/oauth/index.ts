/** Signs users in to OAuth clients: the hosts of language models, and GPTs. */
export { type Answer, answerRequest } from "./answer-request.ts";
export { getOwnClient, putOwnClient, removeOwnClient } from "./own-client.ts";
export {
  ChangedClientOutput,
  NewClientOutput,
  OwnClientInput,
  OwnClientOutput,
  PutOwnClientInput,
} from "./schema.ts";
