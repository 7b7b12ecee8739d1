/** A value that is read once for many: for what may be a little old. */
export class Recent<Value> {
  readonly #freshForMs: number;
  #value: Promise<Value> | undefined;
  #readAt = -Infinity;

  constructor(freshForMs: number) {
    this.#freshForMs = freshForMs;
  }

  /** The value, read anew if it is too old. One that couldn't be read is read anew by the next caller. */
  get(read: () => Promise<Value>): Promise<Value> {
    if (this.#value !== undefined && performance.now() < this.#readAt + this.#freshForMs) return this.#value;
    this.#readAt = performance.now();
    const value = read();
    this.#value = value;
    value.catch(() => {
      if (this.#value === value) this.#value = undefined;
    });
    return value;
  }
}
