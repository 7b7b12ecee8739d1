import { parseAbi } from "viem";

/** What we call and read of a token that can be paid by authorization (EIP-3009). */
export const TOKEN = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);

export const AUTHORIZATION_USED = TOKEN[2];
export const AUTHORIZATION_CANCELED = TOKEN[3];
export const TRANSFER = TOKEN[4];

/** Blocks in one log query. Public RPCs refuse wider ranges. */
export const MAX_LOG_BLOCKS = 5_000n;

export const minOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);
