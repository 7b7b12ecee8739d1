export { createOnce, findCreated } from "./create-once.ts";
export { IdempotencyKey } from "./schema.ts";
export {
  type Claim,
  claimKey,
  deleteOldCreations,
  findKey,
  findRecentRun,
  releaseClaim,
  renewClaim,
} from "./store.ts";
export { eraseClaimsOfGrants } from "./erase-store.ts";
