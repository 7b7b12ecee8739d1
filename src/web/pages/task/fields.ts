/** The questions of a task, read from its JSON Schema, as a form can ask them. */

interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  minItems?: number;
  maxItems?: number;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  "x-data-type"?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** Names and places in lists that lead to an answer. */
type Path = readonly (string | number)[];

/** A question is asked only if another one has this answer, or the row before has one. */
type Condition = { of: "choice"; pointer: string; value: string } | { of: "row"; before: string };

export interface Field {
  /** JSON Pointer of the answer. Of a choice between forms, with the number of the choice behind it. */
  pointer: string;
  path: Path;
  /** The sponsor's words. */
  label: string;
  hint: string | undefined;
  /** `form`: which of several forms the answer has. It only decides about other questions. */
  kind: "line" | "text" | "number" | "yes" | "one" | "several" | "lines" | "form";
  options: { value: string; label: string; answer: unknown }[];
  isRequired: boolean;
  dataType: string | undefined;
  /** Of lines: each is a number. */
  isOfNumbers: boolean;
  conditions: readonly Condition[];
  /** The pointers of the rows of lists that it is in, and may stay empty as a whole. */
  rows: readonly string[];
}

/** What is typed or chosen, by pointer. Of several choices, their values are joined. */
export type Typed = Record<string, string>;

const LONG_TEXT = 120;
/** A list of forms shows one row more than is filled, and at most so many. */
const MOST_ROWS = 10;
const DEFINITIONS = "#/$defs/";
/** A form that refers to itself ends. */
const DEEPEST = 12;

interface Place {
  path: Path;
  isRequired: boolean;
  conditions: readonly Condition[];
  rows: readonly string[];
  /** Words around it, if it has none of its own. */
  label?: string | undefined;
  /** The row of a list that it is in. */
  row?: string;
}

/**
 * The questions in their order. Undefined: the schema has a part that no form of ours can ask for, such as any JSON. What one
 * answer decides about another (`if`, `not`) isn't followed here; the server checks it.
 */
export function fieldsOf(root: Schema): Field[] | undefined {
  const definitions = root.$defs ?? {};
  const resolve = (part: Schema, depth = 0): Schema => {
    if (depth > DEEPEST) return {};
    const { $ref, allOf = [], ...own } = part;
    const parts = [
      ...($ref?.startsWith(DEFINITIONS) === true ? [definitions[$ref.slice(DEFINITIONS.length)] ?? {}] : []),
      ...allOf,
    ].map((one) => resolve(one, depth + 1));
    return parts.reduce((all, one) => merged(one, all), own);
  };

  const read = (given: Schema, at: Place): Field[] | undefined => {
    const schema = resolve(given);
    if (at.path.length > DEEPEST) return undefined;
    const { anyOf, oneOf, ...around } = schema;
    const forms = (anyOf ?? oneOf)?.map((one) => merged(around, resolve(one)));
    if (forms !== undefined) return readForms(around, forms, at);
    if (schema.properties !== undefined) return readObject(schema, at);
    const types = typesOf(schema);
    const items = resolve(schema.items ?? {});
    if (types[0] === "array" && (schema.prefixItems !== undefined || isForm(items)))
      return readRows(schema, items, at);
    const kind = types.length > 1 ? undefined : kindOf(schema, types[0], items);
    if (kind === undefined) return undefined;
    const field = fieldAt(at, schema, kind, optionsOf(kind === "several" ? items : schema));
    return [{ ...field, isOfNumbers: kind === "lines" && typesOf(items)[0] !== "string" }];
  };

  const readAll = (parts: (Field[] | undefined)[]): Field[] | undefined =>
    parts.every((one) => one !== undefined) ? parts.flat() : undefined;

  const readObject = ({ properties = {}, required = [] }: Schema, at: Place): Field[] | undefined =>
    readAll(
      Object.entries(properties).map(([name, part]) => {
        const { label: _ofForm, ...place } = at;
        const isRequired = at.isRequired && required.includes(name);
        return read(part, { ...place, path: [...at.path, name], isRequired });
      }),
    );

  /** One of several values, or of several forms, of which one is asked for once it is chosen. */
  const readForms = (around: Schema, all: Schema[], at: Place): Field[] | undefined => {
    const isNull = (one: Schema): boolean =>
      typesOf(one).length === 0 && [one.type ?? []].flat().includes("null");
    const forms = all.filter((one) => !isNull(one));
    const [only] = forms;
    if (only !== undefined && forms.length === 1) return read(only, at);
    if (forms.every((one) => optionsOf(one).length > 0)) {
      const listed = forms.flatMap((one) => optionsOf(one).map((answer) => ({ answer, title: one.title })));
      const field = fieldAt(
        at,
        around,
        "one",
        listed.map(({ answer }) => answer),
      );
      const options = field.options.map((option, index) => ({
        ...option,
        label: listed[index]?.title ?? option.label,
      }));
      return [{ ...field, options }];
    }
    const choice = fieldAt(at, around, "form", forms);
    const pointer = `${choice.pointer}#${at.conditions.length}`;
    const chosen = readAll(
      forms.map((one, index) => {
        const condition: Condition = { of: "choice", pointer, value: String(index) };
        return read(one, {
          ...at,
          conditions: [...at.conditions, condition],
          label: around.title ?? at.label,
        });
      }),
    );
    const options = forms.map((one, index) => ({
      value: String(index),
      answer: index,
      label: nameOf(one, index),
    }));
    return chosen === undefined ? undefined : [{ ...choice, pointer, options }, ...chosen];
  };

  /** The rows of a list. The next one shows when the one before has an answer. */
  const readRows = (schema: Schema, items: Schema, at: Place): Field[] | undefined => {
    const { prefixItems = [], minItems = 0 } = schema;
    const hasMore = schema.items !== undefined && isForm(items);
    const count = Math.min(schema.maxItems ?? MOST_ROWS, hasMore ? MOST_ROWS : prefixItems.length);
    const rows = Array.from({ length: count }, (_, index) => {
      const path = [...at.path, index];
      const isAsked = at.isRequired && index < minItems;
      const before: Condition[] =
        index === 0 || isAsked ? [] : [{ of: "row", before: pointerOf([...at.path, index - 1]) }];
      return read(prefixItems[index] ?? items, {
        ...{ path, isRequired: true, conditions: [...at.conditions, ...before] },
        rows: isAsked ? at.rows : [...at.rows, pointerOf(path)],
        row: `${labelOf(at, schema)} ${index + 1}`,
      });
    });
    return readAll(rows);
  };
  return read(root, { path: [], isRequired: true, conditions: [], rows: [] });
}

/** Both hold. Words of the second come first. */
function merged(first: Schema, second: Schema): Schema {
  const properties = { ...first.properties, ...second.properties };
  const required = [...(first.required ?? []), ...(second.required ?? [])];
  return {
    ...first,
    ...second,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

const typesOf = ({ type }: Schema): string[] => [type ?? []].flat().filter((one) => one !== "null");

/** What has questions of its own inside. */
const isForm = ({ properties, anyOf, oneOf, items, prefixItems, ...schema }: Schema): boolean =>
  properties !== undefined ||
  ((anyOf ?? oneOf) !== undefined && optionsOf(schema).length === 0) ||
  items !== undefined ||
  prefixItems !== undefined;

const optionsOf = (schema: Schema): unknown[] => schema.enum ?? ("const" in schema ? [schema.const] : []);

/** How a form among several is called: by its own words, a value that tells it, or its number. */
function nameOf({ title, properties = {} }: Schema, index: number): string {
  const told = Object.values(properties).find((one) => "const" in one);
  return title ?? (typeof told?.const === "string" ? told.const : String(index + 1));
}

function labelOf({ path, label, row }: Place, { title }: Schema): string {
  const last = path.at(-1);
  const own = title ?? label ?? (typeof last === "string" ? last.replace(/[_-]+/g, " ") : undefined);
  return [row, own].filter((part) => part !== undefined).join(": ");
}

function fieldAt(at: Place, schema: Schema, kind: Field["kind"], listed: unknown[]): Field {
  const { path, isRequired, conditions, rows } = at;
  return {
    ...{ pointer: pointerOf(path), path, kind, isRequired, conditions, rows },
    label: labelOf(at, schema),
    hint: schema.description,
    dataType: schema["x-data-type"],
    isOfNumbers: false,
    options: listed.map((answer, index) => ({
      ...{ value: String(index), answer },
      label: typeof answer === "string" ? answer : JSON.stringify(answer),
    })),
  };
}

function kindOf(schema: Schema, type: string | undefined, items: Schema): Field["kind"] | undefined {
  if (optionsOf(schema).length > 0) return "one";
  switch (type) {
    case "string":
      return (schema.maxLength ?? 0) > LONG_TEXT && schema["x-data-type"] === undefined ? "text" : "line";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "yes";
    case "array":
      if (optionsOf(items).length > 0) return "several";
      return ["string", "integer", "number"].includes(typesOf(items)[0] ?? "") ? "lines" : undefined;
    default:
      return undefined;
  }
}

const pointerOf = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
