/**
 * Estimates the work of checking a schema or data, before any of it is done. What is light is done at once, in at most
 * tens of milliseconds at worst; everything else goes to the compute thread. So a wrong estimate costs time and changes
 * no result. Estimating itself ends as soon as something isn't light.
 */

const LIGHT = {
  /** JSON values in a schema. Compiling takes time that grows with their square. */
  schemaValues: 200,
  /** Uses of `$ref`. Each can multiply the schema. */
  references: 4,
  /** Uses of `x-data-type`. Each is compiled a second time, for references to the vault. 64 take about 40 ms. */
  marks: 24,
  /** Texts of a schema that aren't descriptions: the values that a sponsor lists are scanned for personal data. */
  textSize: 16 * 1024,
  /** All patterns of a schema, with counted repetitions written out. Compiling 1,000 takes about 10 ms. */
  patternSize: 1_000,
  /** Data: its characters, and `VALUE_SIZE` for each value. The scan for personal data takes up to 1 ms for 1,000. */
  dataSize: 8 * 1024,
  /** Pattern size times characters of data. A million take up to 60 ms, where nothing matches. */
  patternSteps: 400_000,
  /** Values of the schema times values of the data. */
  evaluations: 20_000,
};

/** A value costs as much to scan as so many characters. */
const VALUE_SIZE = 32;
/** A class of Unicode characters, such as `\p{L}`, costs as much to compile as so many characters. */
const UNICODE_CLASS_SIZE = 100;

/** Texts that are neither scanned nor compiled. */
const DESCRIPTIVE: ReadonlySet<string> = new Set(["description", "title", "$comment", "$schema", "$id"]);

/** Whether a schema can be checked, and compiled, at once. */
export const isLightSchema = (schema: unknown): boolean => measureSchema(schema) !== undefined;

/** Whether data can be checked against a schema at once. */
export function isLightCheck(schema: unknown, data: unknown): boolean {
  const { values, patternSize } = measureSchema(schema) ?? {};
  const measured = measureData(data);
  if (values === undefined || patternSize === undefined || measured === undefined) return false;
  return values * measured.values <= LIGHT.evaluations && patternSize * measured.size <= LIGHT.patternSteps;
}

/** Undefined: it isn't light. */
function measureSchema(schema: unknown): { values: number; patternSize: number } | undefined {
  let values = 0;
  let references = 0;
  let marks = 0;
  let textSize = 0;
  let patternSize = 0;
  const isLight = walk(schema, (value, key) => {
    values += 1;
    if (key === "$ref") references += 1;
    if (key === "x-data-type") marks += 1;
    if (typeof value === "string" && !DESCRIPTIVE.has(key)) textSize += value.length;
    if (key === "pattern" && typeof value === "string") patternSize += sizeOfPattern(value);
    return (
      values <= LIGHT.schemaValues &&
      references <= LIGHT.references &&
      marks <= LIGHT.marks &&
      textSize <= LIGHT.textSize &&
      patternSize <= LIGHT.patternSize
    );
  });
  return isLight ? { values, patternSize } : undefined;
}

/** Undefined: it isn't light. */
function measureData(data: unknown): { values: number; size: number } | undefined {
  let values = 0;
  let size = 0;
  const isLight = walk(data, (value, key) => {
    values += 1;
    size += VALUE_SIZE + key.length + (typeof value === "string" ? value.length : 0);
    return size <= LIGHT.dataSize;
  });
  return isLight ? { values, size } : undefined;
}

/** Visits a value and all values inside, until `visit` returns false. Needs no stack, so the depth doesn't matter. */
function walk(root: unknown, visit: (value: unknown, key: string) => boolean): boolean {
  const pending: [key: string, value: unknown][] = [["", root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [key, value] = next;
    if (!visit(value, key)) return false;
    if (typeof value !== "object" || value === null) continue;
    for (const name in value) {
      pending.push([name, (value as Record<string, unknown>)[name]]);
      // What is pushed is visited, so more than can be light needn't be pushed.
      if (pending.length > LIGHT.dataSize) return false;
    }
  }
  return true;
}

/** About how many instructions a pattern has: its parts, with `{2,5}` counted five times. Text that is no pattern has a size too. */
export function sizeOfPattern(pattern: string): number {
  /** The size of each open group so far, the whole pattern first. */
  const groups = [0];
  /** The size of the part that a repetition would repeat. */
  let last = 0;
  for (const [token] of pattern.matchAll(PATTERN_PART)) {
    if (token === "(") {
      groups.push(0);
      last = 0;
      continue;
    }
    const most = /^\{(\d+)(?:,(\d*))?\}$/.exec(token);
    if (most !== null) {
      const times = Math.max(Number(most[1]), Number(most[2] ?? 0), 1);
      groups[groups.length - 1] = (groups.at(-1) ?? 0) + last * (times - 1);
      last *= times;
      continue;
    }
    last = token === ")" ? (groups.length > 1 ? (groups.pop() ?? 0) : 0) : sizeOfPart(token);
    groups[groups.length - 1] = (groups.at(-1) ?? 0) + last;
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

const sizeOfPart = (part: string): number => 1 + (part.match(/\\[pP]\{/g) ?? []).length * UNICODE_CLASS_SIZE;

/** A group's begin or end, a repetition, a class, an escape, or one character. */
const PATTERN_PART = /[()]|\{\d+(?:,\d*)?\}|\[(?:\\[^]|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\[^]|[^]/g;
