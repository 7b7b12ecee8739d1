/** Signs users in to OAuth clients: the hosts of language models, and GPTs. */
export { type Answer, answerRequest } from "./answer-request.ts";
