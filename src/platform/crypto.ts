import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Cipher } from "../core/ports.ts";

const VERSION = 1;
const KEY_ID_LENGTH = 4;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const HEADER_LENGTH = 1 + KEY_ID_LENGTH + IV_LENGTH + TAG_LENGTH;

/**
 * AES-256-GCM. A ciphertext is version, key id, nonce, tag and the encrypted bytes; what it belongs to is bound
 * to it as additional data, so that one row's ciphertext can't be moved to another.
 */
export class AesCipher implements Cipher {
  readonly #key: Buffer;
  readonly #keyId: Buffer;
  readonly #macKey: Buffer;

  /** @param secret 32 random bytes, from which the keys in use are derived */
  constructor(secret: Uint8Array) {
    if (secret.length !== 32) throw new RangeError("the encryption key must be 32 bytes");
    this.#key = derive(secret, "tollfree at rest");
    this.#macKey = derive(secret, "tollfree codes");
    this.#keyId = createHash("sha256").update(this.#key).digest().subarray(0, KEY_ID_LENGTH);
  }

  encrypt(plaintext: Uint8Array | string, context: string): Uint8Array<ArrayBuffer> {
    const iv = randomBytes(IV_LENGTH);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(context));
    const bytes = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Uint8Array.from(Buffer.concat([Buffer.of(VERSION), this.#keyId, iv, cipher.getAuthTag(), bytes]));
  }

  decrypt(ciphertext: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(ciphertext);
    const keyId = bytes.subarray(1, 1 + KEY_ID_LENGTH);
    if (bytes.length < HEADER_LENGTH || bytes[0] !== VERSION || !keyId.equals(this.#keyId)) {
      throw new Error("this was encrypted with another key");
    }
    const iv = bytes.subarray(1 + KEY_ID_LENGTH, 1 + KEY_ID_LENGTH + IV_LENGTH);
    const tag = bytes.subarray(HEADER_LENGTH - TAG_LENGTH, HEADER_LENGTH);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, iv)
      .setAAD(Buffer.from(context))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_LENGTH)), decipher.final()]);
  }

  hmac(message: string): Buffer {
    return createHmac("sha256", this.#macKey).update(message).digest();
  }
}

const derive = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), purpose, 32));
