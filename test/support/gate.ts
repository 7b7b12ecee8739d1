/** Holds somebody back, so that a test can do something "meanwhile" however slow the machine is. */
export class Gate {
  #arrivals = 0;
  readonly #watchers: (() => void)[] = [];
  readonly #opened: Promise<void>;
  /** Lets everyone through, now and later. */
  open: () => void = () => {};

  constructor() {
    this.#opened = new Promise((resolve) => (this.open = resolve));
  }

  /** Where the held one waits. */
  pass(): Promise<void> {
    this.#arrivals += 1;
    for (const look of this.#watchers) look();
    return this.#opened;
  }

  /** Resolves when so many have come here. */
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
