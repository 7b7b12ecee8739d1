import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { processInfo } from "./process-info.ts";

interface Entry {
  pid: number;
  startTime: string;
}

/**
 * The servers that use this sandbox. The last server to leave stops the sandbox. A server that was killed doesn't
 * leave, so each leaving server removes the entries of dead ones. Hold the sandbox's lock when calling a method.
 */
export class ServerRegistry {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Adds an entry for a server of this process, which may run several. Returns the entry's name. */
  join(): string {
    const name = `${process.pid}-${randomUUID()}.json`;
    const entry: Entry = { pid: process.pid, startTime: processInfo(process.pid)?.startTime ?? "" };
    writeFileSync(path.join(this.#directory, name), JSON.stringify(entry));
    return name;
  }

  /** Removes the entry and those of dead servers. Returns whether no server is left. */
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
