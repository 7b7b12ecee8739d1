export { authenticateSession, explainEndedSession } from "./authenticate-session.ts";
export { countViolation } from "./count-violation.ts";
export { endSession, logExpiredSessions, resumeSession, revokeSession } from "./end-session.ts";
export { listSessions } from "./list-sessions.ts";
export { openGptSession, requireLiveGrant } from "./open-gpt-session.ts";
export { openSession } from "./open-session.ts";
export { refuseScope } from "./refuse-scope.ts";
export {
  EndSessionInput,
  ListSessionsInput,
  ListSessionsOutput,
  OpenSessionInput,
  OpenSessionOutput,
  ResumeSessionInput,
  ResumeSessionOutput,
  RevokeSessionOutput,
} from "./schema.ts";
export {
  addDataTypesToSession,
  recordSelection,
  revokeSessionsOfGrant,
  revokeSessionsWiderThan,
} from "./store.ts";
