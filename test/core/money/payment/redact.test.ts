import fc from "fast-check";
import { expect, test } from "vitest";
import { redactorOf } from "../../../../src/core/money/payment/index.ts";

/** What a redactor has to do, written down the slow way: one expression with every value in it. */
function redactSlowly(text: string, confidential: readonly string[]): string {
  const values = confidential
    .flatMap((value) => [value, ...value.split(/[\s,;=]+/).filter((part) => part.length >= 8)])
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .filter((value) => value.trim() !== "")
    .sort((a, b) => b.length - a.length)
    .map((value) => {
      const escaped = value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
      return value.length < 4 ? `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])` : escaped;
    });
  return values.length === 0 ? text : text.replace(new RegExp(values.join("|"), "giu"), "[removed]");
}

/** Few characters, so that values begin with one another, and texts hold them. */
const word = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "A", "b", " ", ",", '"', "é", "É", "ß", "1"), maxLength });

test("values are taken out of a text wherever they stand, also within one another and in another case", () => {
  fc.assert(
    fc.property(word(60), fc.array(word(12), { maxLength: 6 }), (text, values) => {
      expect(redactorOf(values)(text)).toBe(redactSlowly(text, values));
    }),
    { numRuns: 2_000 },
  );
});

test("of a value, its parts, and its forms in JSON and in a URL nothing is left", () => {
  const redact = redactorOf(['Bearer KEY-12345678/x"y', "PT", "Ärger-König"]);
  const text = 'key-12345678/x"y KEY-12345678/x\\"y KEY-12345678%2Fx%22y (PT) PTA apt ÄRGER-KÖNIG';
  expect(redact(text)).toBe("[removed] [removed] [removed] ([removed]) PTA apt [removed]");
});

test("thousands of values, of which a text begins each and holds none, are looked for in less than a second", () => {
  // As many as fit into the headers that a sponsor may set.
  const values = Array.from({ length: 20 }, (_, header) =>
    Array.from(
      { length: 200 },
      (_part, n) => `aaaaab${(header * 200 + n).toString(36).padStart(3, "x")}`,
    ).join(" "),
  );
  const text = "aaaaab".repeat(6_000);
  const started = performance.now();
  expect(redactorOf(values)(text)).toBe(text);
  expect(performance.now() - started).toBeLessThan(1_000);
});

test("only so much of a text is looked through as is shown of it", () => {
  expect(redactorOf(["secret-value"])("a".repeat(50_000), 2_000)).toHaveLength(2_000);
});
