import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Cipher } from "../core/ports/cipher.ts";

const VERSION = 1;
const KEY_ID_LENGTH = 4;
const PREFIX_LENGTH = 1 + KEY_ID_LENGTH;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const HEADER_LENGTH = PREFIX_LENGTH + IV_LENGTH + TAG_LENGTH;

interface Key {
  /** The first bytes of this key's ciphertexts: version and key id. */
  prefix: Buffer;
  bytes: Buffer;
}

/**
 * Encrypts with AES-256-GCM. A ciphertext consists of version, key id, nonce, tag and the encrypted bytes.
 * Its context, such as its row, is bound to it as additional data. So the ciphertext of one row can't be used
 * in another row.
 */
export class AesCipher implements Cipher {
  readonly #current: Key;
  readonly #all: readonly Key[];
  readonly #macKey: Buffer;

  /**
   * @param secrets 32 random bytes each; the keys are derived from them. The first encrypts, all decrypt.
   * @param digestSecret for `hmac`. It stays the same when `secrets` rotate, so that digests and pseudonyms
   *   don't change. Default: the first secret.
   * @throws RangeError if a secret doesn't have 32 bytes
   */
  constructor(secrets: readonly [Uint8Array, ...Uint8Array[]], digestSecret: Uint8Array = secrets[0]) {
    if ([...secrets, digestSecret].some((secret) => secret.length !== 32))
      throw new RangeError("a key must be 32 bytes");
    this.#current = deriveKey(secrets[0]);
    this.#all = secrets.map(deriveKey);
    this.#macKey = deriveBytes(digestSecret, "tollfree codes");
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
      throw new Error("this value was encrypted with another key");
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

function deriveKey(secret: Uint8Array): Key {
  const bytes = deriveBytes(secret, "tollfree at rest");
  const id = createHash("sha256").update(bytes).digest().subarray(0, KEY_ID_LENGTH);
  return { prefix: Buffer.concat([Buffer.of(VERSION), id]), bytes };
}

const deriveBytes = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), purpose, 32));
