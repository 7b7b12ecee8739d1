import type { Hex } from "viem";
import { concatHex, encodeAbiParameters, parseAbiParameters } from "viem";

/** The end of a signature that is wrapped as EIP-6492 says. */
const MAGIC: Hex = `0x${"6492".repeat(16)}`;
const wrap = (signature: Hex, data: Hex): Hex =>
  concatHex([
    encodeAbiParameters(parseAbiParameters("address, bytes, bytes"), [
      `0x${"12".repeat(20)}`,
      data,
      signature,
    ]),
    MAGIC,
  ]);

/** Signatures that no wallet makes: what they are, how to make one, and the reason for refusing it. */
export const UNREADABLE_SIGNATURES: [what: string, change: (signature: Hex) => Hex, reason: RegExp][] = [
  ["wrapped in a malformed way", (signature) => concatHex([signature, MAGIC]), /EIP-6492/],
  ["a wrapper of nothing", () => MAGIC, /EIP-6492/],
  ["a wrapper that is cut", (signature) => `0x${wrap(signature, "0x1234").slice(40)}`, /EIP-6492/],
  ["wrapped by an unknown factory", (signature) => wrap(signature, "0x1234"), /can't be accepted/],
  ["wrapped twice", (signature) => wrap(wrap(signature, "0x"), "0x"), /can't be accepted/],
  ["half a byte too long", (signature) => `${signature}0`, /half a byte/],
  ["a single byte", () => "0x12", /can't be accepted/],
  ["64 bytes long", (signature) => signature.slice(0, -2) as Hex, /can't be accepted/],
  ["of a wrong recovery id", (signature) => `${signature.slice(0, -2)}ff` as Hex, /can't be accepted/],
];
