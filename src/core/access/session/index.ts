export { authenticateSession, explainEndedSession } from "./authenticate-session.ts";
export { countViolation } from "./count-violation.ts";
export { endSession, logExpiredSessions, resumeSession, revokeSession } from "./end-session.ts";
export { openGptSession, requireLiveGrant } from "./open-gpt-session.ts";
export { openSession } from "./open-session.ts";
export { refuseScope } from "./refuse-scope.ts";
export {
  EndSessionInput,
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
