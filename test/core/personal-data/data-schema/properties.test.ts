import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEYWORDS } from "../../../../src/core/personal-data/data-schema/check/keywords.ts";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { DATA_TYPES, type DataType } from "../../../../src/core/protocol/data-types.ts";
import { object } from "./schemas.ts";

const dataType = fc.constantFrom(...DATA_TYPES);
const name = fc.oneof(
  fc.constantFrom("a", "b", "c", "constructor", "email", "zip", "~/"),
  fc.string({ maxLength: 8 }),
);

/** A schema without data types, and data that it accepts. */
type Sample = { schema: unknown; data: unknown };

/** Without two letters beside each other: they can be a label, such as "RG", and a number after it is an identity number then. */
const string = fc
  .string({ maxLength: 12 })
  .filter((text) => !/[\0@\d%]/.test(text))
  .map((text) => text.replace(/([a-z])(?=[a-z])/gi, "$1_"));

const { sample } = fc.letrec<{ sample: Sample; object: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    string.map((data): Sample => ({ schema: { type: "string" }, data })),
    string.map((data): Sample => ({ schema: { type: ["string", "null"], title: "t" }, data })),
    fc.integer({ max: 9_999 }).map((data): Sample => ({ schema: { type: "integer" }, data })),
    fc
      .tuple(tie("sample"), tie("sample"))
      .map(([one, two]): Sample => ({ schema: { anyOf: [one.schema, two.schema] }, data: one.data })),
    fc.array(tie("sample"), { maxLength: 3 }).map((samples): Sample => ({
      schema: { type: "array", items: { anyOf: [{ type: "null" }, ...samples.map(({ schema }) => schema)] } },
      data: samples.map(({ data }) => data),
    })),
    fc.tuple(tie("sample"), string).map(([{ schema, data }, k]): Sample => ({
      schema: object(
        { k: { type: "string" }, v: schema },
        { if: { required: ["k"] }, then: { required: ["v"] } },
      ),
      data: { k, v: data },
    })),
    tie("object"),
  ),
  object: fc
    .dictionary(fc.constantFrom("a", "b", "c", "constructor", "~/"), tie("sample"), { maxKeys: 3 })
    .map((entries): Sample => {
      const pick = (part: keyof Sample) =>
        Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, entry[part]]));
      return { schema: object(pick("schema"), { required: Object.keys(entries) }), data: pick("data") };
    }),
}));

const wrapped = sample.map(({ schema, data }): Sample => ({
  schema: object({ root: schema }),
  data: { root: data },
}));

/** Returns the data with the chosen string replaced, or undefined if the data has no string. */
function plant(data: unknown, choice: number, text: (original: string) => string): unknown {
  let strings = 0;
  const count = (value: unknown): void => {
    if (typeof value === "string") strings += 1;
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(count);
  };
  count(data);
  if (strings === 0) return undefined;
  let left = choice % strings;
  return JSON.parse(JSON.stringify(data), (_key, value: unknown) =>
    typeof value === "string" && left-- === 0 ? text(value) : value,
  );
}

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));

/** A number of Visa or Mastercard: sixteen digits with a valid check digit. */
const card = fc.tuple(fc.constantFrom("4", "51", "55", "2221"), digits(15)).map(([prefix, rest]) => {
  const body = (prefix + rest).slice(0, 15);
  const sum = body
    .split("")
    .reverse()
    .reduce((total, digit, place) => {
      const doubled = Number(digit) * (place % 2 === 0 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return body + String((10 - (sum % 10)) % 10);
});

const emailAddress = fc.oneof(
  fc.emailAddress(),
  fc.emailAddress().map(encodeURIComponent),
  fc.emailAddress().map((address) => encodeURIComponent(encodeURIComponent(address))),
  fc.emailAddress().map((address) => address.replace("@", "\u200b＠")),
  fc.emailAddress().map((address) => address.replace("@", "&#64;")),
  fc.emailAddress().map((address) => address.replace("@", "@ ")),
);

const phoneNumber = fc.oneof(
  fc.tuple(fc.constantFrom("+1", "+49", "+81"), digits(9)).map((parts) => parts.join("")),
  fc
    .tuple(digits(3), digits(3), digits(4), fc.constantFrom("-", ".", " "))
    .map(([a, b, c, gap]) => [a, b, c].join(gap)),
);

const cardNumber = fc.oneof(
  card,
  fc
    .tuple(card, fc.constantFrom(" ", "-", ".", "/", "_"))
    .map(([number, gap]) => number.replace(/(\d{4})(?!$)/g, `$1${gap}`)),
);

const personal = fc.oneof(emailAddress, phoneNumber, cardNumber);

/** Personal data, a data type that fits it, and one that doesn't. */
const likeness = (secret: fc.Arbitrary<string>, fitting: readonly DataType[]) =>
  fc.record({
    secret,
    fit: fitting.length === 0 ? fc.constant(undefined) : fc.constantFrom(...fitting),
    misfit: dataType.filter((type) => !fitting.includes(type)),
  });

const typed = fc.oneof(
  likeness(emailAddress, ["email"]),
  likeness(phoneNumber, ["phone"]),
  likeness(cardNumber, []),
);

describe("for any schema", () => {
  it("built from valid parts, valid data is accepted and has no data type", () => {
    fc.assert(
      fc.property(wrapped, ({ schema, data }) => {
        expect(checkSchema(schema)).toEqual([]);
        expect(compileSchema(schema).validate(data, "")).toEqual({ ok: true, dataTypes: [] });
      }),
    );
  });

  it("personal data in any string without a data type is refused, and not repeated in the error", () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), personal, ({ schema, data }, choice, secret) => {
        const planted = plant(data, choice, (original) => `${original} ${secret} ${original}`);
        fc.pre(planted !== undefined);
        const result = compileSchema(schema).validate(planted, "/task_data");
        expect(result).toMatchObject({ ok: false, errors: [{ keyword: "x-data-type" }] });
        expect(JSON.stringify(result)).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it("with a data type at the root, data that fits it is accepted and has that type", () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), typed, ({ schema, data }, choice, { secret, fit }) => {
        const planted = fit === undefined ? data : (plant(data, choice, () => secret) ?? data);
        const type = fit ?? "attributes";
        const covered = { ...(schema as object), "x-data-type": type };
        expect(compileSchema(covered).validate(planted, "")).toEqual({ ok: true, dataTypes: [type] });
      }),
      { numRuns: 500 },
    );
  });

  it("with a data type at the root, personal data that doesn't fit it is refused, and not repeated", () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), typed, ({ schema, data }, choice, { secret, misfit }) => {
        const planted = plant(data, choice, (original) => `${original} ${secret} ${original}`);
        fc.pre(planted !== undefined);
        const result = compileSchema({ ...(schema as object), "x-data-type": misfit }).validate(planted, "");
        expect(result).toMatchObject({ ok: false, errors: [{ keyword: "x-data-type" }] });
        expect(JSON.stringify(result)).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it("checkSchema never throws, and a schema that it accepts compiles and can check any data", () => {
    const value: fc.Arbitrary<unknown> = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom("string", "object", "array", "email", "date", "^a+$", "#/$defs/d", false, true, 0, 1),
      fc.array(name, { maxLength: 2 }),
    );
    const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4, depthSize: "small" },
        fc.constantFrom<unknown>({ type: "string" }, { enum: ["x", 1, null] }, { $ref: "#/$defs/d" }, false),
        fc.dictionary(name, tie("schema"), { maxKeys: 2 }).map((properties) => object(properties)),
        fc.record({ type: fc.constant("array"), items: tie("schema"), uniqueItems: fc.boolean() }),
        fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc
          .tuple(tie("schema"), fc.constantFrom("allOf", "oneOf", "anyOf"), tie("schema"))
          .map(([one, keyword, two]) => (typeof one === "object" ? { ...one, [keyword]: [two] } : one)),
        fc
          .tuple(tie("schema"), tie("schema"), tie("schema"))
          .map(([one, two, three]) =>
            typeof one === "object" ? { ...one, if: two, then: three, not: two } : one,
          ),
        fc
          .tuple(tie("schema"), fc.constantFrom(...KEYWORDS.keys(), "nope", "x-note", "x-"), value)
          .map(([one, keyword, any]) => (typeof one === "object" ? { ...one, [keyword]: any } : one)),
        fc
          .tuple(tie("schema"), dataType)
          .map(([one, type]) => (typeof one === "object" ? { ...one, "x-data-type": type } : one)),
      ),
    }));
    const root = fc
      .tuple(fc.dictionary(name, schema, { maxKeys: 3 }), schema)
      .map(([properties, d]) => object(properties, { $defs: { d } }));
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(root, fc.anything()), fc.anything(), fc.jsonValue(), (candidate, odd, json) => {
        const errors = checkSchema(candidate);
        expect(errors.map(({ keyword }) => keyword)).not.toContain("schema");
        if (errors.length > 0) return;
        accepted += 1;
        const compiled = compileSchema(candidate);
        for (const data of [json, odd, { a: json, b: json, email: "ada@example.com" }]) {
          const result = compiled.validate(data, "");
          expect(result.ok || result.errors.length > 0).toBe(true);
          if (result.ok) expect(compiled.dataTypes.all).toEqual(expect.arrayContaining(result.dataTypes));
        }
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
