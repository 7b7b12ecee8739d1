export { authenticateAccessToken } from "./authenticate-access-token.ts";
export { authenticateSession, explainEndedSession, requireStillLive } from "./authenticate-session.ts";
export { endSession, logExpiredSessions, revokeSession } from "./end-session.ts";
export { listSessions } from "./list-sessions.ts";
export { openGptSession, requireLiveGrant } from "./open-gpt-session.ts";
export { openSession } from "./open-session.ts";
export {
  EndSessionInput,
  ListSessionsInput,
  ListSessionsOutput,
  OpenSessionInput,
  OpenSessionOutput,
  RevokeSessionOutput,
} from "./schema.ts";
export {
  addScopesToSessions,
  recordSelection,
  revokeSessionsOfGrant,
  revokeSessionsWiderThan,
} from "./store.ts";
export { addViolationToSession, resumeSessionsOfGrant, suspendSessionsOfGrant } from "./suspension-store.ts";
export { exportSessions } from "./export-store.ts";
export { eraseSessionsOfGrants } from "./erase-store.ts";
export { authForMore } from "./wider-session.ts";
