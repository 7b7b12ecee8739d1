import type { FieldError } from "../../../protocol/errors.ts";
import { LIMITS } from "../size-limits.ts";

/** Collects errors up to the limit. Equal errors count once: a definition is visited once per reference. */
export class ErrorCollector {
  readonly errors: FieldError[] = [];
  readonly #seen = new Set<string>();

  get full(): boolean {
    return this.errors.length >= LIMITS.reportedErrors;
  }

  add(path: string, keyword: string, message: string): void {
    const identity = JSON.stringify([path, keyword, message]);
    if (this.full || this.#seen.has(identity)) return;
    this.#seen.add(identity);
    this.errors.push({ path, message, keyword });
  }
}
