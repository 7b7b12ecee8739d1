import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Cipher } from "../core/ports/cipher.ts";

const VERSION = 1;
const KEY_ID_LENGTH = 4;
const PREFIX_LENGTH = 1 + KEY_ID_LENGTH;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const HEADER_LENGTH = PREFIX_LENGTH + IV_LENGTH + TAG_LENGTH;

interface Key {
  /** What its ciphertexts start with: version and key id. */
  prefix: Buffer;
  bytes: Buffer;
}

/**
 * AES-256-GCM. A ciphertext is version, key id, nonce, tag and the encrypted bytes; what it belongs to is bound
 * to it as additional data, so that one row's ciphertext can't be moved to another.
 */
export class AesCipher implements Cipher {
  readonly #current: Key;
  readonly #all: readonly Key[];
  readonly #macKey: Buffer;

  /**
   * @param secrets 32 random bytes each, from which the keys in use are derived. The first encrypts, all decrypt.
   * @param digestSecret makes the keyed digests, so that a rotation changes no pseudonym; left out: the first
   */
  constructor(secrets: readonly [Uint8Array, ...Uint8Array[]], digestSecret: Uint8Array = secrets[0]) {
    if ([...secrets, digestSecret].some((secret) => secret.length !== 32))
      throw new RangeError("a key must be 32 bytes");
    this.#current = keyOf(secrets[0]);
    this.#all = secrets.map(keyOf);
    this.#macKey = derive(digestSecret, "tollfree codes");
  }

  get prefix(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#current.prefix);
  }

  encrypt(plaintext: Uint8Array | string, context: string): Uint8Array<ArrayBuffer> {
    const { prefix, bytes: key } = this.#current;
    const iv = randomBytes(IV_LENGTH);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
    const bytes = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Uint8Array.from(Buffer.concat([prefix, iv, cipher.getAuthTag(), bytes]));
  }

  decrypt(ciphertext: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(ciphertext);
    const prefix = bytes.subarray(0, PREFIX_LENGTH);
    const key = this.#all.find((candidate) => prefix.equals(candidate.prefix));
    if (key === undefined || bytes.length < HEADER_LENGTH)
      throw new Error("this was encrypted with another key");
    const iv = bytes.subarray(PREFIX_LENGTH, PREFIX_LENGTH + IV_LENGTH);
    const tag = bytes.subarray(HEADER_LENGTH - TAG_LENGTH, HEADER_LENGTH);
    const decipher = createDecipheriv("aes-256-gcm", key.bytes, iv)
      .setAAD(Buffer.from(context))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_LENGTH)), decipher.final()]);
  }

  hmac(message: string): Buffer {
    return createHmac("sha256", this.#macKey).update(message).digest();
  }
}

function keyOf(secret: Uint8Array): Key {
  const bytes = derive(secret, "tollfree at rest");
  const id = createHash("sha256").update(bytes).digest().subarray(0, KEY_ID_LENGTH);
  return { prefix: Buffer.concat([Buffer.of(VERSION), id]), bytes };
}

const derive = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), purpose, 32));
