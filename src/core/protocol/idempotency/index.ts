export { type Claimed, claimRun } from "../../runs/sponsored-run/claim-run.ts";
export { createOnce, findCreated } from "./create-once.ts";
export { IdempotencyKey } from "./schema.ts";
export { type Claim, deleteOldCreations, releaseKey } from "./store.ts";
