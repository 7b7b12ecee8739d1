/** JSON Schemas as models read them: what helps to call a tool, and nothing that only a program checks. The operation checks it all. */

type Schema = Record<string, unknown>;

/** They cost a model many tokens, and tell it nothing that the name, the type and the description don't. */
const OF_PROGRAMS = new Set(["pattern", "propertyNames", "minLength", "$schema"]);

/** An output's schema only says what there is: an answer needs no instruction, and a short one leaves fields out. */
const OF_INPUTS = new Set([
  ...["required", "description", "examples", "additionalProperties"],
  ...["minimum", "maximum", "minItems", "maxItems", "maxLength", "format"],
]);

export const modelInput = (schema: Schema): Schema => without(schema, OF_PROGRAMS) as Schema;

export const modelOutput = (schema: Schema): Schema =>
  without(schema, new Set([...OF_PROGRAMS, ...OF_INPUTS])) as Schema;

function without(schema: unknown, dropped: ReadonlySet<string>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => without(item, dropped));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([keyword, value]) => {
      if (keyword === "properties") return [[keyword, eachProperty(value as Schema, dropped)]];
      // Any value: that is what leaving it out says, too.
      const isAny = keyword === "additionalProperties" && typeof value === "object";
      return isAny || dropped.has(keyword) ? [] : [[keyword, without(value, dropped)]];
    }),
  );
}

/** A property's name is no keyword, whatever it is. */
const eachProperty = (properties: Schema, dropped: ReadonlySet<string>): Schema =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, without(schema, dropped)]));
