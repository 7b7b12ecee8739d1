/** Authenticated encryption of what is kept at rest. `context` is bound to the ciphertext, not stored. */
export interface Cipher {
  /** What every ciphertext of the current key starts with. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  encrypt(plaintext: Uint8Array | string, context: string): Uint8Array<ArrayBuffer>;
  /** @throws if the ciphertext was changed, or made for another context or key. */
  decrypt(ciphertext: Uint8Array, context: string): Buffer;
  /** Keyed digest, for codes that must be derivable again without being stored. */
  hmac(message: string): Buffer;
}
