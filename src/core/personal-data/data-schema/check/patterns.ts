import type { RegExpEngine } from "ajv/dist/types/index.js";
import { RE2JS, RE2JSException, RE2Set } from "re2js";
import { LIMITS } from "../size-limits.ts";

/**
 * Memory that RE2 keeps between matches, per pattern. The default of 8 MiB per pattern would never be freed.
 */
const AUTOMATON_BYTES = 64 * 1024;

/** `\k<name>`, where the backslash isn't itself escaped. re2js would silently read it as the letter k. */
const NAMED_BACK_REFERENCE = /(?<!\\)(?:\\\\)*\\k</;

/**
 * Returns why a pattern can't be used, or undefined. The pattern must be valid ECMA-262, so that agents can run
 * it with their own validator. It must also be valid RE2, whose matching time is linear in the text.
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
 * Translates a pattern to RE2's syntax, with its meaning in JavaScript. In JavaScript `\s` includes Unicode's
 * spaces, and `.` stops at every line terminator. One difference stays: `\S` inside a class only excludes ASCII
 * spaces, since classes can't be nested.
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

/**
 * Thrown out of a running validation when its patterns have used up their steps. `compileSchema` catches it.
 */
export class PatternBudgetError extends Error {
  override readonly name = "PatternBudgetError";
}

/**
 * Steps (RE2 instructions times characters) left for all patterns of one validation. RE2's time is linear in
 * the text, but sponsors choose the factor: the size of the compiled pattern. Validation is synchronous, so
 * one meter can serve one validation after the other.
 */
export interface PatternMeter {
  stepsLeft: number;
}

/** The regular expression engine for Ajv: RE2 with a meter. The patterns have passed `patternProblem`. */
export function re2Engine(meter: PatternMeter): RegExpEngine {
  const engine = (pattern: string) => {
    const translated = toRe2(pattern);
    const instructions = RE2JS.compile(translated).programSize();
    const automaton = new RE2Set(RE2Set.UNANCHORED, 0, AUTOMATON_BYTES);
    automaton.add(translated);
    return {
      test(text: string): boolean {
        meter.stepsLeft -= instructions * text.length;
        if (meter.stepsLeft < 0) throw new PatternBudgetError();
        return automaton.match(text).length > 0;
      },
      // Ajv uses this text as the identity of a compiled pattern.
      toString: () => pattern,
    };
  };
  // Ajv requires a name here. It only uses the name when it writes code to a file, which never happens here.
  return Object.assign(engine, { code: "re2Engine" });
}
