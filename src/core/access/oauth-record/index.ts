/** Codes, tokens and clients of OAuth, as the authorization server keeps them. */
export { clientRecord, createOAuthRecords } from "./records.ts";
export {
  deleteExpiredRecords,
  deleteRecord,
  deleteRecordsOfAgent,
  deleteRecordsOfEndedGrant,
  deleteRecordsOfGrants,
  deleteUnusedClients,
  findGrantOfToken,
  findRecord,
  putRecord,
} from "./store.ts";
