export { putGrant } from "./put-grant.ts";
export { revokeGrant } from "./revoke-grant.ts";
export { PutGrantInput, PutGrantOutput, RevokeGrantInput, RevokeGrantOutput } from "./schema.ts";
export { addDataTypes, resumeGrantOfSession, suspendGrantAtLimit } from "./store.ts";
export { writeGrant } from "./write-grant.ts";
