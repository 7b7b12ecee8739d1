/** Codes, tokens and clients of OAuth, as the authorization server keeps them. */
export { createOAuthRecords } from "./records.ts";
export {
  deleteExpiredRecords,
  deleteRecordsOfEndedGrant,
  deleteRecordsOfGrant,
  deleteUnusedClients,
  eraseRecordsOfGrants,
  findGrantOfToken,
  putRecord,
} from "./store.ts";
