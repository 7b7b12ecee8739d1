/** Codes, tokens and clients of OAuth, as the authorization server keeps them. */
export { createOAuthRecords } from "./records.ts";
export {
  deleteClient,
  deleteExpiredRecords,
  deleteRecordsOfAgent,
  deleteRecordsOfEndedGrant,
  deleteRecordsOfGrant,
  deleteUnusedClients,
  eraseRecordsOfGrants,
  findGrantOfToken,
  findRecord,
  putRecord,
} from "./store.ts";
