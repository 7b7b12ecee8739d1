export type { KeyProofResult } from "./prove-keys.ts";
export { acceptDigestKey, checkProof, proveKeys } from "./prove-keys.ts";
export { reencrypt } from "./reencrypt.ts";
