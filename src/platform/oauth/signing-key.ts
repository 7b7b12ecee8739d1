import { createECDH, hkdfSync } from "node:crypto";

const CURVE = "prime256v1";

/**
 * Derives the key that the metadata names. All replicas have the same one, and it stays over restarts. Our tokens are random, so
 * it signs nothing that we rely on.
 */
export function signingKey(secret: Uint8Array): Record<string, string> {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(derived(secret, "tollfree oauth signing key"));
  // A byte that says "uncompressed", then both coordinates.
  const point = ecdh.getPublicKey();
  return {
    ...{ kty: "EC", crv: "P-256", alg: "ES256", use: "sig", kid: "1" },
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
    d: ecdh.getPrivateKey().toString("base64url").padStart(43, "A"),
  };
}

/** The key that signs the cookies of a request that waits for its person. */
export const cookieKey = (secret: Uint8Array): string =>
  derived(secret, "tollfree oauth cookies").toString("hex");

const derived = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), purpose, 32));
