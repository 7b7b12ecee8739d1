/** The questions of a task, read from its JSON Schema, as a form can ask them. */

interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  "x-data-type"?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
}

export interface Field {
  /** JSON Pointer of the answer. */
  pointer: string;
  path: string[];
  /** The sponsor's words. */
  label: string;
  hint: string | undefined;
  kind: "line" | "text" | "number" | "yes" | "one" | "several" | "lines";
  options: { value: string; label: string; answer: unknown }[];
  isRequired: boolean;
  dataType: string | undefined;
}

/** What is typed or chosen, by pointer. Of several choices, their values are joined. */
export type Typed = Record<string, string>;

const LONG_TEXT = 120;
const JOINT = "\n";
const DEFINITIONS = "#/$defs/";
/** Keywords by which one answer decides about another. A form doesn't follow them; the server does. */
const SHAPES = ["anyOf", "oneOf", "allOf", "prefixItems"];

/** The questions in their order. Undefined: the schema has a part that no form of ours can ask for. */
export function fieldsOf(root: Schema): Field[] | undefined {
  const definitions = root.$defs ?? {};
  const resolve = (part: Schema): Schema =>
    part.$ref?.startsWith(DEFINITIONS) === true
      ? { ...resolve(definitions[part.$ref.slice(DEFINITIONS.length)] ?? {}), ...withoutRef(part) }
      : part;

  const read = (given: Schema, path: string[], isRequired: boolean): Field[] | undefined => {
    const schema = resolve(given);
    if (SHAPES.some((keyword) => keyword in schema)) return undefined;
    const types = [schema.type ?? []].flat().filter((type) => type !== "null");
    if (schema.properties !== undefined) {
      const fields = Object.entries(schema.properties).map(([name, part]) =>
        read(part, [...path, name], isRequired && (schema.required ?? []).includes(name)),
      );
      return fields.every((one) => one !== undefined) ? fields.flat() : undefined;
    }
    const kind = kindOf(schema, types[0], resolve);
    if (kind === undefined || types.length > 1) return undefined;
    const listed = optionsOf(kind === "several" ? resolve(schema.items ?? {}) : schema);
    const name = path.at(-1) ?? "";
    return [
      {
        ...{ pointer: pointerOf(path), path, kind, isRequired },
        label: schema.title ?? name.replace(/[_-]+/g, " "),
        hint: schema.description,
        dataType: schema["x-data-type"],
        options: listed.map((answer, index) => ({
          ...{ value: String(index), answer },
          label: typeof answer === "string" ? answer : JSON.stringify(answer),
        })),
      },
    ];
  };
  return read(root, [], true);
}

const withoutRef = ({ $ref: _, ...rest }: Schema): Schema => rest;

const optionsOf = (schema: Schema): unknown[] => schema.enum ?? ("const" in schema ? [schema.const] : []);

function kindOf(
  schema: Schema,
  type: string | undefined,
  resolve: (part: Schema) => Schema,
): Field["kind"] | undefined {
  if (optionsOf(schema).length > 0) return "one";
  switch (type) {
    case "string":
      return (schema.maxLength ?? 0) > LONG_TEXT && schema["x-data-type"] === undefined ? "text" : "line";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "yes";
    case "array": {
      const items = resolve(schema.items ?? {});
      if (optionsOf(items).length > 0) return "several";
      return items.type === "string" ? "lines" : undefined;
    }
    default:
      return undefined;
  }
}

const pointerOf = (path: string[]): string =>
  path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** What the form begins with: what the person has stored of the data that is asked for. */
export const storedIn = (
  fields: readonly Field[],
  stored: readonly { data_type: string; value?: unknown }[],
): Typed =>
  Object.fromEntries(
    fields.flatMap(({ pointer, dataType, kind }) => {
      const item = stored.find(({ data_type }) => data_type === dataType);
      return item === undefined || kind === "yes" || kind === "one"
        ? []
        : [[pointer, textOf(item.value)] as const];
    }),
  );

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Object.values(value).map(textOf).join(", ");
}

/** Whether the person has to say something more. */
export const isMissing = ({ pointer, isRequired, kind }: Field, typed: Typed): boolean =>
  isRequired && kind !== "several" && kind !== "lines" && (typed[pointer] ?? "").trim() === "";

/** The answers as the task's schema has them. What was left empty is left out, unless it is required. */
export function answersOf(fields: readonly Field[], typed: Typed): Record<string, unknown> {
  const answers: Record<string, unknown> = {};
  for (const field of fields) {
    const text = typed[field.pointer] ?? "";
    if (text.trim() === "" && !(field.isRequired && (field.kind === "several" || field.kind === "lines")))
      continue;
    let inside = answers;
    for (const name of field.path.slice(0, -1)) inside = (inside[name] ??= {}) as Record<string, unknown>;
    inside[field.path.at(-1) ?? ""] = answerOf(field, text);
  }
  return answers;
}

function answerOf({ kind, options }: Field, text: string): unknown {
  switch (kind) {
    case "number": {
      const number = Number(text.replace(",", "."));
      return Number.isNaN(number) ? text : number;
    }
    case "yes":
      return text === "yes";
    case "one":
      return options.find(({ value }) => value === text)?.answer;
    case "several":
      return options.filter(({ value }) => chosenIn(text).includes(value)).map(({ answer }) => answer);
    case "lines":
      return chosenIn(text);
    default:
      return text;
  }
}

/** The parts of what was chosen or typed line by line. */
export const chosenIn = (text: string): string[] =>
  text
    .split(JOINT)
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What is chosen when one of several is pressed. */
export const toggled = (text: string, value: string): string => {
  const chosen = chosenIn(text);
  return (chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]).join(JOINT);
};
