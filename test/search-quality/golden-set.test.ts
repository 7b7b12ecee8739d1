import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { SearchInput } from "../../src/core/discovery/search/index.ts";
import { Category, PositiveCents, ServiceKey, Tag, visibleText } from "../../src/core/protocol/fields.ts";

const Text = { name: visibleText(1, 100), description: visibleText(1, 600) };

const Service = z.strictObject({
  service_key: ServiceKey,
  ...Text,
  categories: z.array(Category.lowercase()).min(1).max(3),
  tags: z.array(Tag).max(6),
  price_cents: PositiveCents.min(0.1).max(20),
  localized: z.strictObject({ ja: z.strictObject(Text) }).optional(),
});

const Query = z.strictObject({
  id: z.string().regex(/^(en|ja|ac|no)-\d{3}$/),
  group: z.enum(["english", "japanese", "across", "hopeless"]),
  text: z.string(),
  field: z.enum(["q", "intent"]),
  grades: z.record(ServiceKey, z.union([z.literal(3), z.literal(2), z.literal(1)])),
  held_out: z.literal(true).optional(),
});
type Query = z.infer<typeof Query>;

/** How many queries each group has at least, and how many of them may be held out: about a third. */
const GROUPS = {
  english: { atLeast: 65, id: "en" },
  japanese: { atLeast: 45, id: "ja" },
  across: { atLeast: 25, id: "ac" },
  hopeless: { atLeast: 18, id: "no" },
} as const;
const HELD_OUT = { min: 0.3, max: 0.37 };

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as unknown;
const catalogue = z.array(Service).parse(read("catalogue.json"));
const queries = z.array(Query).parse(read("queries.json"));

type Language = "en" | "ja";
const languageOf = (text: string): Language =>
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(text) ? "ja" : "en";
const languagesOfServices = new Map(
  catalogue.map((service) => {
    const languages = new Set([languageOf(service.description)]);
    if (service.localized !== undefined) languages.add("ja");
    return [service.service_key, languages] as const;
  }),
);

/** Japanese people also type Latin letters alone, such as "ＰＭ２．５" in full width. */
const languageOfQuery = ({ group, text }: Query): Language =>
  group === "japanese" ? "ja" : languageOf(text);

/** For each service with grade 3: does it have text in the language of the query? */
const bestInOwnLanguage = (query: Query): boolean[] =>
  Object.entries(query.grades)
    .filter(([, grade]) => grade === 3)
    .map(([key]) => languagesOfServices.get(key)?.has(languageOfQuery(query)) ?? false);

const repeated = (values: string[]): string[] =>
  values.filter((value, index) => values.indexOf(value) !== index);
const textsOf = (list: Query[]): string[] => list.map(({ text }) => text);

it("has 80 services: 52 in English, 12 also and 16 only in Japanese", () => {
  const kinds = [...languagesOfServices.values()].map((languages) => [...languages].sort().join("+"));
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  expect([count("en"), count("en+ja"), count("ja")]).toEqual([52, 12, 16]);
  expect(repeated(catalogue.map(({ service_key }) => service_key))).toEqual([]);
  for (const { localized } of catalogue)
    if (localized) expect(languageOf(localized.ja.description)).toBe("ja");
});

it.each(Object.entries(GROUPS))("has enough queries in the group %s, a third held out", (name, group) => {
  const members = queries.filter((query) => query.group === name);
  expect(members.length).toBeGreaterThanOrEqual(group.atLeast);
  expect(members.filter(({ id }) => !id.startsWith(group.id))).toEqual([]);
  const share = members.filter(({ held_out }) => held_out).length / members.length;
  expect(share).toBeGreaterThan(HELD_OUT.min);
  expect(share).toBeLessThan(HELD_OUT.max);
});

it("has queries that a search accepts, each once", () => {
  const refused = queries.filter(
    ({ field, text }) => SearchInput.safeParse({ [field]: text }).data?.[field] !== text,
  );
  expect(textsOf(refused)).toEqual([]);
  expect(repeated(queries.map(({ id }) => id))).toEqual([]);
  expect(repeated(queries.map(({ text }) => text.toLowerCase()))).toEqual([]);
});

it("grades services of the catalogue only, and each of them for some query", () => {
  const graded = new Set(queries.flatMap(({ grades }) => Object.keys(grades)));
  expect([...graded].sort()).toEqual([...languagesOfServices.keys()].sort());
});

it("has no grade for a hopeless query, and a grade 3 for every other", () => {
  const wrong = queries.filter((query) =>
    query.group === "hopeless"
      ? Object.keys(query.grades).length > 0
      : !Object.values(query.grades).includes(3),
  );
  expect(textsOf(wrong)).toEqual([]);
});

it("has best services in the query's language, except across languages: there in the other one", () => {
  const wrong = queries.filter((query) => bestInOwnLanguage(query).includes(query.group === "across"));
  expect(textsOf(wrong)).toEqual([]);
  expect(
    textsOf(queries.filter(({ group, text }) => group === "english" && languageOf(text) === "ja")),
  ).toEqual([]);
});
