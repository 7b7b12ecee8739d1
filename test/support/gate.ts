/** Makes code wait, so that a test can do something meanwhile, on a slow machine too. */
export class Gate {
  #arrivals = 0;
  readonly #watchers: (() => void)[] = [];
  readonly #opened: Promise<void>;
  /** Ends the waiting, and all later waiting. */
  open: () => void = () => {};

  constructor() {
    this.#opened = new Promise((resolve) => (this.open = resolve));
  }

  /** Waits until the gate is open. */
  pass(): Promise<void> {
    this.#arrivals += 1;
    for (const look of this.#watchers) look();
    return this.#opened;
  }

  /** Resolves when `pass` has been called `count` times. */
  arrived(count = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#arrivals >= count) resolve();
      };
      this.#watchers.push(look);
      look();
    });
  }
}
