import { describe, expect, it } from "vitest";
import { personalDataIn } from "../../../../src/core/personal-data/data-schema/detect/personal-text.ts";
import { searchIn } from "../../../../src/core/personal-data/data-schema/detect/regional-phone-numbers.ts";
import type { CorpusText, Part } from "./corpora/read-corpora.ts";
import { KINDS, PARTS, readCorpus } from "./corpora/read-corpora.ts";

/** What a text is taken for, and whether that is right. */
const judge = (given: CorpusText) => {
  const found = personalDataIn(given.text, [], searchIn(given.regions));
  return { ...given, found, isRight: found === given.likeness };
};
const judged = (corpus: "personal" | "harmless", parts: readonly Part[] = PARTS) =>
  parts.flatMap((part) => readCorpus(corpus, part)).map(judge);

const percent = (texts: { isRight: boolean }[]): number =>
  (100 * texts.filter(({ isRight }) => isRight).length) / texts.length;
/** The texts taken for something else, for the message of a failure. */
const mistakes = (texts: ReturnType<typeof judged>): string =>
  texts
    .filter(({ isRight }) => !isRight)
    .map(
      ({ text, language, likeness, found }) =>
        `${language}: ${text} is ${likeness ?? "harmless"}, taken for ${found ?? "harmless"}`,
    )
    .join("\n");

describe("texts with personal data, as people write them", () => {
  const texts = judged("personal");

  it("there are at least 300, each once", () => {
    expect(texts.length).toBeGreaterThanOrEqual(300);
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length);
  });

  it("at least 97 % are found, each as what it is", () => {
    expect(percent(texts), mistakes(texts)).toBeGreaterThanOrEqual(97);
  });

  it("at least 95 % of those are found that the scanner was never mended against", () => {
    const heldOut = judged("personal", ["held-out"]);
    expect(percent(heldOut), mistakes(heldOut)).toBeGreaterThanOrEqual(95);
  });

  it.each(Object.values(KINDS))("nine in ten texts with %s are found", (kind) => {
    const ofKind = texts.filter(({ likeness }) => likeness === kind);
    expect(ofKind.length).toBeGreaterThanOrEqual(20);
    expect(percent(ofKind), mistakes(ofKind)).toBeGreaterThanOrEqual(90);
  });

  it.each(["en", "ja", "de", "fr", "es", "pt", "it", "zh", "ko"])(
    "nine in ten texts in %s are found",
    (code) => {
      const inLanguage = texts.filter(({ language }) => language === code);
      expect(inLanguage.length).toBeGreaterThanOrEqual(10);
      expect(percent(inLanguage), mistakes(inLanguage)).toBeGreaterThanOrEqual(90);
    },
  );
});

describe("what people answer who give nothing away", () => {
  const texts = judged("harmless");

  it("there are at least 300, each once", () => {
    expect(texts.length).toBeGreaterThanOrEqual(300);
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length);
  });

  it.each<[string, readonly Part[]]>([
    ["all", PARTS],
    ["those that the scanner was never mended against", ["held-out"]],
  ])("at most one in a hundred is taken for personal data: %s", (_name, parts) => {
    const measured = judged("harmless", parts);
    expect(100 - percent(measured), mistakes(measured)).toBeLessThanOrEqual(1);
  });

  it.each(["US", "GB", "JP", "DE", "FR", "ES", "PT", "BR", "IN", "CN", "KR", "MX", "AU"] as const)(
    "at most two in a hundred are taken for personal data when the person lives in %s",
    (region) => {
      const elsewhere = texts.map((given) => judge({ ...given, regions: [region] }));
      expect(100 - percent(elsewhere), mistakes(elsewhere)).toBeLessThanOrEqual(2);
    },
  );
});
