import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { processInfo } from "./process-info.ts";

interface Entry {
  pid: number;
  startTime: string;
}

/**
 * Which servers use this world. The last one to leave switches the lights off; a server that was killed never
 * leaves, its entry is recognised as dead by whoever looks next. Call everything here under the world's lock.
 */
export class ServerRegistry {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Registers this process once more (one process may run several servers) and returns the entry's name. */
  join(): string {
    const name = `${process.pid}-${randomUUID()}.json`;
    const entry: Entry = { pid: process.pid, startTime: processInfo(process.pid)?.startTime ?? "" };
    writeFileSync(path.join(this.#directory, name), JSON.stringify(entry));
    return name;
  }

  /** @returns whether nobody is left. */
  leave(name: string): boolean {
    this.#remove(name);
    const entries = readdirSync(this.#directory);
    const dead = entries.filter((entry) => !this.#isAlive(entry));
    dead.forEach((entry) => this.#remove(entry));
    return dead.length === entries.length;
  }

  #isAlive(name: string): boolean {
    try {
      const entry = JSON.parse(readFileSync(path.join(this.#directory, name), "utf8")) as Entry;
      return processInfo(entry.pid)?.startTime === entry.startTime;
    } catch {
      return false;
    }
  }

  #remove(name: string): void {
    rmSync(path.join(this.#directory, name), { force: true });
  }
}
