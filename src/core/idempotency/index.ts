export { type Claimed, claimRun } from "./claim-run.ts";
export { type Claim, releaseKey } from "./store.ts";
