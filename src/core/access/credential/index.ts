export { DEFAULT_OVERLAP_SECONDS, Overlap, RotateKeyOutput } from "./key-overlap.ts";
export type { MintedToken } from "./token.ts";
export { hashSecret, isToken, mintToken } from "./token.ts";
