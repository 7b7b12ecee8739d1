/** Where a schema lets its writer put words: read from the schema itself, so that a new field can't be forgotten. */

/** A Zod schema of either line: x402's package has the older one. */
type AnyDef = Record<string, unknown>;

const defOf = (schema: unknown): AnyDef => {
  const { _zod, _def } = schema as { _zod?: { def: AnyDef }; _def?: AnyDef };
  const def = _zod?.def ?? _def;
  if (def === undefined) throw new Error("this isn't a Zod schema");
  return def;
};

const kindOf = (def: AnyDef): string =>
  typeof def["typeName"] === "string"
    ? def["typeName"].replace(/^Zod/, "").toLowerCase()
    : (def["type"] as string);

/** They hold nothing that somebody chose freely. */
const WITHOUT_WORDS = new Set([
  "number",
  "int",
  "boolean",
  "enum",
  "literal",
  "undefined",
  "null",
  "transform",
]);

/**
 * The paths of all strings: `a.b` is a field, `a[]` an entry of a list, `a{name}` and `a{}` the names and values of a record. What takes any
 * JSON is `a*`.
 * @throws Error for a kind of schema that isn't known here
 */
export function textFieldsOf(schema: unknown, path = ""): string[] {
  const def = defOf(schema);
  const inside = (name: string, to: string): string[] => textFieldsOf(def[name], to);
  const kind = kindOf(def);
  if (WITHOUT_WORDS.has(kind)) return [];
  switch (kind) {
    case "string":
      return [path];
    case "unknown":
    case "any":
      return [`${path}*`];
    case "object": {
      const shape = (
        typeof def["shape"] === "function" ? (def["shape"] as () => object)() : def["shape"]
      ) as object;
      return Object.entries(shape).flatMap(([name, field]) =>
        textFieldsOf(field, path === "" ? name : `${path}.${name}`),
      );
    }
    case "array":
      return textFieldsOf(def["element"] ?? def["type"], `${path}[]`);
    case "record":
      return [...inside("keyType", `${path}{name}`), ...inside("valueType", `${path}{}`)];
    case "union":
    case "discriminatedunion":
      return [
        ...new Set([...(def["options"] as Iterable<unknown>)].flatMap((one) => textFieldsOf(one, path))),
      ];
    case "pipe":
      return [...new Set([...inside("in", path), ...inside("out", path)])];
    case "effects":
      return inside("schema", path);
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
      return inside("innerType", path);
    default:
      throw new Error(`${path}: nothing is known of a schema of the kind ${kind}`);
  }
}

/** What stands at a path: all values, if it goes through lists or records. */
export function textsAt(body: unknown, path: string): string[] {
  if (path === "") return [String(body)];
  if (path === "*") return body === undefined ? [] : [JSON.stringify(body)];
  const [, step = "", rest = ""] = /^(\.?\w+|\[\]|\{name\}|\{\})(.*)$/.exec(path) ?? [];
  if (typeof body !== "object" || body === null) return [];
  if (step === "{name}") return Object.keys(body);
  const found =
    step === "[]" || step === "{}"
      ? Object.values(body)
      : [(body as Record<string, unknown>)[step.replace(".", "")]];
  return found.filter((one) => one !== undefined && one !== null).flatMap((one) => textsAt(one, rest));
}
