/** JSON Schemas as models read them: what helps to call a tool, and nothing that only a program checks. The operation checks it all. */

type Schema = Record<string, unknown>;

/** They cost a model many tokens, and tell it nothing that the name, the type and the description don't. */
const OF_PROGRAMS = new Set([
  ...["pattern", "propertyNames", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"],
  ...["additionalProperties", "examples", "$schema", "description"],
]);

/** An output's schema only says what there is: an answer needs no instruction, and a short one leaves fields out. */
const OF_INPUTS = new Set([...OF_PROGRAMS, "required", "format"]);

/** @param descriptions of fields, by name; those of an object within are joined by dots */
export const modelInput = (schema: Schema, descriptions: Readonly<Record<string, string>>): Schema =>
  without(schema, OF_PROGRAMS, descriptions) as Schema;

export const modelOutput = (schema: Schema): Schema => without(schema, OF_INPUTS, {}) as Schema;

function without(
  schema: unknown,
  dropped: ReadonlySet<string>,
  descriptions: Readonly<Record<string, string>>,
  within = "",
): unknown {
  if (Array.isArray(schema)) return schema.map((item) => without(item, dropped, {}));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([keyword, value]) => {
      if (keyword !== "properties")
        return dropped.has(keyword) ? [] : [[keyword, without(value, dropped, {})]];
      // A property's name is no keyword, whatever it is.
      const properties = Object.entries(value as Schema).map(([name, part]) => {
        const path = `${within}${name}`;
        const description = descriptions[path];
        return [
          name,
          {
            ...(without(part, dropped, descriptions, `${path}.`) as Schema),
            ...(description !== undefined && { description }),
          },
        ];
      });
      return [[keyword, Object.fromEntries(properties)]];
    }),
  );
}
