import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";

/** An authenticator in software, as a browser would ask one. It keeps one passkey. */
export class Authenticator {
  readonly #id = randomBytes(32);
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #origin: string;
  readonly #domain: Buffer;
  #count = 0;

  /** @param origin of the page; its domain is what the browser binds passkeys to, unless `domain` is another */
  constructor(origin: string, domain = new URL(origin).hostname) {
    this.#origin = origin;
    this.#domain = createHash("sha256").update(domain).digest();
  }

  /** What a page sends to register the passkey. */
  register(challenge: string) {
    const jwk = this.#keys.publicKey.export({ format: "jwk" });
    const [x, y] = [jwk.x ?? "", jwk.y ?? ""].map((part) => Buffer.from(part, "base64url"));
    const key = cbor(new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, x], [-3, y]])); // prettier-ignore
    const data = Buffer.concat([
      this.#data(0x45),
      Buffer.alloc(16),
      Buffer.from([0, this.#id.length]),
      this.#id,
      key,
    ]);
    const attestationObject = cbor(
      new Map<string, unknown>([["fmt", "none"], ["attStmt", new Map()], ["authData", data]]), // prettier-ignore
    );
    return this.#credential({
      clientDataJSON: this.#clientData("webauthn.create", challenge),
      attestationObject: attestationObject.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** What a page sends to sign in with it. */
  signIn(challenge: string) {
    this.#count += 1;
    const data = this.#data(0x05);
    const clientDataJSON = this.#clientData("webauthn.get", challenge);
    const clientDataHash = createHash("sha256").update(Buffer.from(clientDataJSON, "base64url")).digest();
    const signature = createSign("sha256")
      .update(Buffer.concat([data, clientDataHash]))
      .sign(this.#keys.privateKey);
    return this.#credential({
      clientDataJSON,
      authenticatorData: data.toString("base64url"),
      signature: signature.toString("base64url"),
    });
  }

  #data(flags: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.#count);
    return Buffer.concat([this.#domain, Buffer.from([flags]), count]);
  }

  #clientData(type: string, challenge: string): string {
    const data = { type, challenge, origin: this.#origin, crossOrigin: false };
    return Buffer.from(JSON.stringify(data)).toString("base64url");
  }

  #credential(response: Record<string, unknown>) {
    const id = this.#id.toString("base64url");
    return { response: { id, rawId: id, type: "public-key", clientExtensionResults: {}, response } };
  }
}

/** Encodes the few kinds of values that authenticators send. */
function cbor(value: unknown): Buffer {
  const head = (major: number, size: number): Buffer => {
    if (size < 24) return Buffer.from([(major << 5) | size]);
    return size < 256
      ? Buffer.from([(major << 5) | 24, size])
      : Buffer.from([(major << 5) | 25, size >> 8, size & 255]);
  };
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string")
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const entries = [...(value as Map<unknown, unknown>)];
  return Buffer.concat([
    head(5, entries.length),
    ...entries.flatMap(([key, each]) => [cbor(key), cbor(each)]),
  ]);
}
