/** Encrypts data at rest, with authentication. */
export interface Cipher {
  /** The first bytes of every ciphertext that the current key makes. They tell current from older keys. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  /**
   * Encrypts with the current key. `context` names the row and column. It is authenticated but not stored, so a
   * ciphertext that is moved to another row can't be decrypted.
   */
  encrypt(plaintext: Uint8Array | string, context: string): Uint8Array<ArrayBuffer>;
  /** @throws Error if the ciphertext was changed, has another context, or its key is not configured. */
  decrypt(ciphertext: Uint8Array, context: string): Buffer;
  /** Returns a keyed digest. The same message always gives the same digest, so codes needn't be stored. */
  hmac(message: string): Buffer;
}
