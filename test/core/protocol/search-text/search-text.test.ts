import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BUILT_IN_TOPICS,
  correctSpelling,
  countEdits,
  documentTerms,
  parseThesaurus,
  queryParts,
  wordForm,
  wordsToSpell,
} from "../../../../src/core/protocol/search-text/index.ts";
import { normalize } from "../../../../src/core/protocol/search-text/normal-form.ts";
import { codesInText } from "../../../../src/core/protocol/search-text/codes.ts";

const { thesaurus, mistakes } = parseThesaurus(BUILT_IN_TOPICS);

const termsOf = (text: string): string[] => [...documentTerms([{ text, prominence: "A" }], thesaurus).keys()];
const topicsOf = (text: string): string[] =>
  termsOf(text).flatMap((term) => (term.startsWith("#") ? [term.slice(1)] : []));
const formOf = (word: string): string => wordForm(normalize(word));

describe("one form for the ways to write a word", () => {
  test.each([
    ["upper and lower case", "WEATHER", "weather"],
    ["full and half width", "Ｗｅａｔｈｅｒ", "weather"],
    ["half-width and full-width katakana", "ﾎﾃﾙ", "ホテル"],
    ["katakana and hiragana", "フリガナ", "ふりがな"],
    ["with and without a last long vowel", "サーバー", "サーバ"],
    ["okurigana and without", "乗り換え", "乗り換"],
    ["accents", "café", "cafe"],
    ["plural and singular", "hotels", "hotel"],
    ["a verb's forms", "translated", "translating"],
  ])("%s: %s is %s", (_what, one, other) => {
    expect(formOf(one)).toBe(formOf(other));
  });

  test("voiced kana stay what they are, and so do numbers and codes", () => {
    expect(formOf("が")).not.toBe(formOf("か"));
    expect(formOf("es6")).toBe("es6");
  });
});

describe("the words of a text", () => {
  test("Japanese is cut into words without blanks", () => {
    expect(termsOf("東京の天気を調べたい")).toEqual(expect.arrayContaining(["東京", "天気", "#weather"]));
  });

  test("words that carry no wish are left out, in both languages", () => {
    expect(termsOf("please give me the things that I need")).toEqual([]);
    expect(queryParts("それをください", thesaurus)).toEqual([]);
  });

  test("words that only say that something is wanted count little, unless there are no others", () => {
    expect(queryParts("find me flight data", thesaurus).map(({ text, share }) => [text, share])).toEqual([
      ["flight", 1],
      ["find", 0.15],
      ["data", 0.15],
    ]);
    expect(queryParts("data api", thesaurus).map(({ share }) => share)).toEqual([1, 1]);
  });
});

describe("what a text is about", () => {
  test.each([
    ["how many dollars do I get for my yen", "currency"],
    ["will I need an umbrella", "rain"],
    ["為替レート", "currency"],
    ["乗換え案内", "transit"],
    ["乗り換え案内", "transit"],
    ["テンキヨホウ 天気予報", "weather"],
    ["ﾎﾃﾙを予約", "hotel"],
    ["speech to text", "speech"],
    ["text to speech", "tts"],
    ["where is 203.0.113.7", "ipgeo"],
    ["978-4-06-519981-0", "book"],
  ])("%s: %s", (text, topic) => {
    expect(topicsOf(text)).toContain(topic);
  });

  test("a longer phrase wins over the words in it", () => {
    expect(topicsOf("text to speech")).not.toContain("speech");
    expect(topicsOf("speech to text")).not.toContain("tts");
  });

  test("a topic belongs to broader ones, less prominently", () => {
    const terms = documentTerms([{ text: "rainfall", prominence: "A" }], thesaurus);
    expect([terms.get("#rain"), terms.get("#weather")]).toEqual(["A", "C"]);
  });

  test("a word with several meanings counts less than one with a single meaning", () => {
    const terms = documentTerms([{ text: "stock and dividend", prominence: "A" }], thesaurus);
    expect(terms.get("#dividend")).toBe("A");
    expect(terms.get("#stock") ?? "").not.toBe("A");
  });

  test("a term is as prominent as at its best place", () => {
    const terms = documentTerms(
      [
        { text: "ferry", prominence: "C" },
        { text: "ferries", prominence: "A" },
      ],
      thesaurus,
    );
    expect(terms.get(wordForm("ferry"))).toBe("A");
  });

  test.each([
    ["flight nh106 to haneda", "flight"],
    ["wvwzzz1jzxw000001", "vehicle"],
    ["de89 3704 0044 0532 0130 00", "bank"],
    ["4006381333931", "barcode"],
    ["bluepanda.io", "domain"],
    ["jo@example.org", "email"],
  ])("a code tells what is looked for: %s is about %s", (text, topic) => {
    expect(codesInText(text).map((code) => code.topic)).toEqual([topic]);
  });

  test.each(["at 15 o'clock", "version 1.2.3", "in 2026", "3.5 km", "room 101"])(
    "an ordinary number isn't a code: %s",
    (text) => {
      expect(codesInText(text)).toEqual([]);
    },
  );
});

describe("spelling", () => {
  const known = new Set(["weather", "forecast", "exchange", "rate", "translation", "restaurant"]);
  const correct = (text: string): string =>
    correctSpelling(
      text,
      new Set(wordsToSpell(text)),
      (word) => known.has(word),
      () => [...known],
    );

  test.each([
    ["a letter is missing", "wether forcast", "weather forecast"],
    ["two letters are swapped", "weahter", "weather"],
    ["a letter is wrong", "restaurent", "restaurant"],
    ["two mistakes in a long word", "trnslatoin", "translation"],
    ["two words are joined", "exchangerate", "exchange rate"],
  ])("where %s: %s", (_what, text, corrected) => {
    expect(correct(text)).toBe(corrected);
  });

  test.each([
    ["another English word", "leather"],
    ["a short word", "rste"],
    ["a name", "ask Westher about it"],
    ["a word with two mistakes that isn't long", "forecsa"],
    ["Japanese", "天気"],
  ])("%s stays: %s", (_what, text) => {
    expect(correct(text)).toBe(normalize(text));
  });

  test("a word that is repeated a hundred times is one part of a search, and is looked up once", () => {
    const text = "weahter ".repeat(100);
    const looked: string[] = [];
    const corrected = correctSpelling(
      text,
      new Set(wordsToSpell(text)),
      () => false,
      (word) => {
        looked.push(word);
        return [...known];
      },
    );
    expect(looked).toEqual(["weahter"]);
    expect(corrected).toBe("weather ".repeat(100));
    expect(queryParts(text, thesaurus).map((part) => part.text)).toEqual(["weahter"]);
  });

  test("edits are counted with swaps of neighbours as one", () => {
    expect([
      countEdits("abcd", "abdc"),
      countEdits("abc", "axc"),
      countEdits("abc", "ab"),
      countEdits("", "ab"),
    ]).toEqual([1, 1, 1, 2]);
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(countEdits(a, b)).toBe(countEdits(b, a));
        expect(countEdits(a, b) === 0).toBe(a === b);
        expect(countEdits(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("the thesaurus", () => {
  test("ours has no mistakes, and at least 60 topics in both languages", () => {
    expect(mistakes).toEqual([]);
    const topics = BUILT_IN_TOPICS.split("\n").filter((line) => /^[a-z].*\|.*\S.*\|.*\S/.test(line));
    expect(topics.length).toBeGreaterThanOrEqual(60);
  });

  test.each([
    ["no topic", "| rain | 雨", ["line 1"]],
    ["a topic of other characters", "Rain! | rain", ["line 1"]],
    ["more than three columns", "rain | a | b | c", ["line 1"]],
    ["a phrase of stop words alone", "rain | of the", ["line 1", "of the"]],
    ["a broader topic that isn't there", "rain > weather | rain", ["rain > weather"]],
    ["a topic that is a part of itself", "a > b | one\nb > a | two", ["a: is a part of itself", "b:"]],
  ])("a file with %s is refused, with the place", (_what, text, said) => {
    const { mistakes: found } = parseThesaurus(text);
    expect(found.length).toBeGreaterThan(0);
    for (const part of said) expect(found.join("\n")).toContain(part);
  });

  test("comments, empty lines and several lines of one topic are fine, and other topics have another version", () => {
    const read = parseThesaurus("# birds\n\nowl | owl | 梟\nowl | tawny owl |\n");
    expect(read.mistakes).toEqual([]);
    expect([...read.thesaurus.spaced.keys()]).toEqual(["owl", "tawni owl"]);
    expect(read.thesaurus.version).not.toBe(thesaurus.version);
  });
});

test("any text has terms and parts without an error, and its own words find it", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80, unit: "grapheme" }),
    fc
      .array(
        fc.constantFrom(
          "天気",
          "ﾎﾃﾙ",
          "の",
          "rain",
          "É",
          "9781234567897",
          "a@b.co",
          "\u0000",
          "'",
          "\\",
          "&|!:*",
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (written) => {
      const terms = documentTerms([{ text: written, prominence: "C" }], thesaurus);
      for (const { ways } of queryParts(written, thesaurus))
        for (const way of ways) for (const term of way.terms) expect(terms.has(term), term).toBe(true);
    }),
  );
});
