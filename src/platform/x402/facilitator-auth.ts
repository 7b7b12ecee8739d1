import type { KeyObject } from "node:crypto";
import { createPrivateKey, randomBytes } from "node:crypto";
import type { FacilitatorConfig } from "@x402/core/server";
import { SignJWT } from "jose";

/** How we identify ourselves to the facilitator. */
export type FacilitatorAuth =
  | { kind: "none" }
  /** The same token with every request. */
  | { kind: "bearer"; token: string }
  /** Coinbase's Developer Platform: a short-lived token for each request, signed with an API key. */
  | { kind: "cdp"; keyId: string; key: CdpKey };

/** An API key of Coinbase's Developer Platform. */
export interface CdpKey {
  algorithm: "EdDSA" | "ES256";
  privateKey: KeyObject;
}

type CreateAuthHeaders = NonNullable<FacilitatorConfig["createAuthHeaders"]>;

/** The facilitator's requests: the last part of the path, and the method. */
const REQUESTS = { verify: "POST", settle: "POST", supported: "GET" } as const;

/** How long a signed token is valid. Coinbase allows at most this. */
const TOKEN_SECONDS = 120;

/** An Ed25519 secret is the seed and the public key. */
const SEED_BYTES = 32;
const ED25519_BYTES = 64;
/** Node reads an Ed25519 seed as PKCS #8, which is this header and the seed. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Reads an API key's secret as Coinbase gives it: an Ed25519 key as 64 bytes in base64, or an elliptic-curve key
 * as PEM. In a PEM, `\n` may stand for a line break, because environment files have one line a variable.
 * @returns undefined if it is neither
 */
export function readCdpKey(secret: string): CdpKey | undefined {
  try {
    if (secret.includes("-----BEGIN")) {
      const privateKey = createPrivateKey(secret.replaceAll("\\n", "\n"));
      const curve = privateKey.asymmetricKeyDetails?.namedCurve;
      return curve === "prime256v1" ? { algorithm: "ES256", privateKey } : undefined;
    }
    const bytes = Buffer.from(secret, "base64");
    if (bytes.length !== ED25519_BYTES) return undefined;
    const der = Buffer.concat([PKCS8_HEADER, bytes.subarray(0, SEED_BYTES)]);
    return { algorithm: "EdDSA", privateKey: createPrivateKey({ key: der, format: "der", type: "pkcs8" }) };
  } catch {
    return undefined;
  }
}

/**
 * Returns what makes the headers that identify us, for x402's facilitator client. Each request has its own
 * headers, since a token of Coinbase's is valid for one method, host and path.
 */
export function authHeaders(url: string, auth: FacilitatorAuth): CreateAuthHeaders | undefined {
  if (auth.kind === "none") return undefined;
  return async () => {
    const headers = await Promise.all(
      Object.entries(REQUESTS).map(async ([name, method]) => {
        const token =
          auth.kind === "bearer" ? auth.token : await signToken(auth, `${method} ${target(url, name)}`);
        return [name, { Authorization: `Bearer ${token}` }] as const;
      }),
    );
    return Object.fromEntries(headers);
  };
}

/** The host and path of a request, as Coinbase's tokens name it. */
function target(url: string, name: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, "")}/${name}`;
}

function signToken({ keyId, key }: FacilitatorAuth & { kind: "cdp" }, uri: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ uris: [uri] })
    .setProtectedHeader({
      alg: key.algorithm,
      kid: keyId,
      typ: "JWT",
      nonce: randomBytes(16).toString("hex"),
    })
    .setSubject(keyId)
    .setIssuer("cdp")
    .setAudience(["cdp_service"])
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + TOKEN_SECONDS)
    .sign(key.privateKey);
}
