import type { RegExpEngine } from "ajv/dist/types/index.js";
import { RE2JS, RE2JSException, RE2Set } from "re2js";
import { LIMITS } from "../size-limits.ts";

/** What RE2 remembers between matches of one pattern; its own default of 8 MiB is per pattern, for ever. */
const AUTOMATON_BYTES = 64 * 1024;

/** `\k<name>`, with its backslash not itself escaped. re2js would silently read it as the letter k. */
const NAMED_BACK_REFERENCE = /(?<!\\)(?:\\\\)*\\k</;

/**
 * Why a pattern can't be used, or undefined. It has to be valid ECMA-262, so that agents can run it with
 * their own validator, and valid RE2, whose matching time grows linearly with the text.
 */
export function patternProblem(pattern: unknown): string | undefined {
  if (typeof pattern !== "string") return "Must be a string.";
  if (pattern.length > LIMITS.patternLength) {
    return `Must be at most ${LIMITS.patternLength} characters long.`;
  }
  try {
    new RegExp(pattern, "u");
  } catch {
    return 'Must be a valid regular expression of ECMA-262 with the "u" flag.';
  }
  const instructions = NAMED_BACK_REFERENCE.test(pattern) ? undefined : instructionsOf(pattern);
  if (instructions === undefined) {
    return "Must be a pattern that RE2 can run: no look-around, no back-references, repetition up to 1000.";
  }
  return instructions > LIMITS.patternInstructions
    ? "Must be simpler: bound the length with maxLength rather than with counted repetition."
    : undefined;
}

function instructionsOf(pattern: string): number | undefined {
  try {
    return RE2JS.compile(toRe2(pattern)).programSize();
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

/**
 * The pattern in RE2's syntax, meaning what it means in JavaScript: there `\s` knows Unicode's spaces, and `.`
 * stops at every line terminator. (A `\S` within a class keeps to ASCII, since classes can't be nested.)
 */
function toRe2(pattern: string): string {
  let inClass = false;
  return RE2JS.translateRegExp(pattern).replace(/\\[^]|[[\].]/g, (token) => {
    if (token === "[") inClass = true;
    if (token === "]") inClass = false;
    if (token === "\\s") return inClass ? SPACES : `[${SPACES}]`;
    if (inClass) return token;
    if (token === "\\S") return `[^${SPACES}]`;
    return token === "." ? NOT_LINE_TERMINATOR : token;
  });
}

const SPACES = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const NOT_LINE_TERMINATOR = String.raw`[^\n\r\x{2028}\x{2029}]`;

/** Thrown through a running validation whose patterns have taken too much work. Never leaves this room. */
export class PatternBudgetError extends Error {
  override readonly name = "PatternBudgetError";
}

/**
 * Linear time still has a factor, the size of the compiled pattern, and sponsors choose it. A meter bounds
 * the work of all patterns in one validation; validation is synchronous, so one meter serves them all in turn.
 */
export class PatternMeter {
  #remaining = 0;

  reset(steps: number): void {
    this.#remaining = steps;
  }

  /** @throws PatternBudgetError when the validation has used up its steps. */
  spend(steps: number): void {
    this.#remaining -= steps;
    if (this.#remaining < 0) throw new PatternBudgetError();
  }
}

/** Ajv's regular expressions, run by RE2 and metered. The patterns have passed `patternProblem`. */
export function re2Engine(meter: PatternMeter): RegExpEngine {
  const engine = (pattern: string) => {
    const translated = toRe2(pattern);
    const instructions = RE2JS.compile(translated).programSize();
    const automaton = new RE2Set(RE2Set.UNANCHORED, 0, AUTOMATON_BYTES);
    automaton.add(translated);
    return {
      test(text: string): boolean {
        meter.spend(instructions * text.length);
        return automaton.match(text).length > 0;
      },
      // Ajv tells compiled patterns apart by their string form.
      toString: () => pattern,
    };
  };
  // Ajv's name for the engine where it would write code to a file, which it never does here.
  return Object.assign(engine, { code: "re2Engine" });
}
