export { putGrant } from "./put-grant.ts";
export { revokeGrant } from "./revoke-grant.ts";
export {
  PutGrantInput,
  PutGrantOutput,
  RevokeGrantInput,
  RevokeGrantOutput,
  SetReadingInput,
  SetReadingOutput,
  StopAgentInput,
  StopAgentOutput,
  StopAllAgentsOutput,
  UndoStopOutput,
} from "./schema.ts";
export { setReading } from "./set-reading.ts";
export { finishStop, stopAgent, stopAllAgents, undoStop } from "./stop-agent.ts";
export {
  addScopes,
  findOwnGrant,
  listOwnGrants,
  listSuspended,
  resumeGrantOfSession,
  resumeSuspended,
  suspendGrantAtLimit,
} from "./store.ts";
export { writeGrant } from "./write-grant.ts";
export { exportGrants } from "./export-store.ts";
export { eraseGrantsOfUser } from "./erase-store.ts";
