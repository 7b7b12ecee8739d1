import { suggestDataType } from "../../personal-data/data-schema/index.ts";
import { isDataType } from "../../protocol/data-types.ts";

type Json = Record<string, unknown>;

/** More than this isn't read. A schema that is this large couldn't be registered either. */
const MOST_PARTS = 1_000;
const MOST_DEPTH = 12;
/** So many entries of lists and joined objects are copied. A document can name its longest list a thousand times. */
const MOST_COPIED = 20_000;
const MOST_DESCRIPTION = 500;
/** Steps from a reference to the reference that it names. */
const MOST_STEPS = 20;

const TYPES = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);
const KEPT: Record<string, readonly string[]> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  array: ["minItems", "maxItems", "uniqueItems"],
};

/** A description that can't be read: what is wrong with it, in words for its author. */
export class Unreadable extends Error {}

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Finds what a local reference of a document names, such as `#/components/schemas/Place`. */
export function resolveReference(root: unknown, reference: string): unknown {
  if (!reference.startsWith("#/"))
    throw new Unreadable(
      `The reference ${shorten(reference)} leads out of the document. Paste one document.`,
    );
  const tokens = reference.slice(2).split("/");
  let found: unknown = root;
  for (const token of tokens) {
    const name = decode(token).replace(/~1/g, "/").replace(/~0/g, "~");
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (found === undefined) throw new Unreadable(`The reference ${shorten(reference)} names nothing.`);
  return found;
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

export const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

/**
 * Makes an input schema that can be registered from a JSON Schema of any origin: references are replaced by what they name,
 * objects are closed, keywords that Tollfree doesn't know are left out, and fields whose name asks for personal data are marked.
 *
 * @param root the document in which references are looked up
 * @throws Unreadable for a reference that leads in a circle or out of the document, and for a schema that is too large
 */
export function toInputSchema(given: unknown, root: unknown): Json {
  let parts = 0;
  let copied = 0;
  const copy = (entries: number): void => {
    copied += entries;
    if (copied > MOST_COPIED) throw new Unreadable(`The schema lists more than ${MOST_COPIED} entries.`);
  };

  const convert = (node: unknown, depth: number, open: readonly string[], name?: string): Json => {
    parts += 1;
    if (parts > MOST_PARTS) throw new Unreadable(`The schema has more than ${MOST_PARTS} parts.`);
    if (depth > MOST_DEPTH) throw new Unreadable(`The schema is nested more than ${MOST_DEPTH} deep.`);
    if (!isObject(node)) return { type: "string" };
    const { $ref } = node;
    if (typeof $ref === "string") {
      if (open.includes($ref)) throw new Unreadable(`The reference ${shorten($ref)} leads in a circle.`);
      if (open.length > MOST_STEPS) throw new Unreadable("Too many references name one another.");
      return convert(resolveReference(root, $ref), depth, [...open, $ref], name);
    }
    const joined = Array.isArray(node["allOf"]) ? joinParts(node, open) : node;
    const choice = [joined["oneOf"], joined["anyOf"]].find((list) => Array.isArray(list) && list.length > 0);
    if (choice !== undefined && joined["properties"] === undefined) {
      const branches = (choice as unknown[]).slice(0, 20).map((part) => convert(part, depth + 1, open, name));
      const [only] = branches;
      return branches.length === 1 && only !== undefined ? only : { ...wordsOf(joined), anyOf: branches };
    }
    return { ...valueSchema(joined, depth, open), ...markOf(joined, name) };
  };

  /** One schema in place of an `allOf`: its parts' properties together. */
  const joinParts = (node: Json, open: readonly string[]): Json => {
    const { allOf, ...own } = node;
    const merged: Json = {};
    let joined: [string, unknown][] | undefined;
    const needed: unknown[] = [];
    for (const part of [...(allOf as unknown[]), own]) {
      parts += 1;
      if (parts > MOST_PARTS) throw new Unreadable(`The schema has more than ${MOST_PARTS} parts.`);
      const target = isObject(part) ? follow(part, open) : {};
      const { properties, required, ...rest } = target;
      copy(Object.keys(rest).length);
      Object.assign(merged, rest);
      if (isObject(properties)) {
        copy(Object.keys(properties).length);
        (joined ??= []).push(...Object.entries(properties));
      }
      if (Array.isArray(required)) {
        copy(required.length);
        needed.push(...(required as unknown[]));
      }
    }
    if (joined !== undefined) merged["properties"] = Object.fromEntries(joined);
    if (needed.length > 0) merged["required"] = needed;
    return merged;
  };

  const follow = (part: Json, open: readonly string[]): Json => {
    const { $ref, allOf } = part;
    if (typeof $ref === "string") {
      if (open.includes($ref) || open.length > MOST_STEPS)
        throw new Unreadable(`The reference ${shorten($ref)} leads in a circle.`);
      const target = resolveReference(root, $ref);
      return isObject(target) ? follow(target, [...open, $ref]) : {};
    }
    return Array.isArray(allOf) ? joinParts(part, [...open, ""]) : part;
  };

  const valueSchema = (node: Json, depth: number, open: readonly string[]): Json => {
    const words = wordsOf(node);
    if (Array.isArray(node["enum"]) && node["enum"].length > 0) {
      copy(node["enum"].length);
      return { ...words, enum: withNull(node["enum"] as unknown[], node["nullable"]) };
    }
    if (node["const"] !== undefined) return { ...words, const: node["const"] };
    const type = typeOf(node);
    const schema: Json = { ...words, type: nullableType(type, node["nullable"]) };
    const main = Array.isArray(type) ? (type.find((one) => one !== "null") ?? "string") : type;
    if (main === "object") Object.assign(schema, objectSchema(node, depth, open));
    if (main === "array") schema["items"] = convert(node["items"] ?? {}, depth + 1, open);
    const kept = KEPT[main === "integer" ? "number" : main] ?? [];
    for (const keyword of kept) if (node[keyword] !== undefined) schema[keyword] = node[keyword];
    return withBounds(schema);
  };

  const objectSchema = (node: Json, depth: number, open: readonly string[]): Json => {
    const properties = isObject(node["properties"]) ? node["properties"] : {};
    copy(asList(node["required"]).length);
    const written = Object.entries(properties).filter(
      ([, part]) => !(isObject(part) && part["readOnly"] === true),
    );
    const names = written.map(([name]) => name);
    const required = asList(node["required"]).filter((name) => names.includes(name as string));
    return {
      properties: Object.fromEntries(
        written.map(([name, part]) => [name, convert(part, depth + 1, open, name)]),
      ),
      ...(required.length > 0 && { required: [...new Set(required)] }),
      additionalProperties: false,
    };
  };

  return convert(given, 0, []);
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

const wordsOf = ({ description, default: standard, example, examples }: Json): Json => ({
  ...(typeof description === "string" && { description: description.trim().slice(0, MOST_DESCRIPTION) }),
  ...(standard !== undefined && { default: standard }),
  ...(Array.isArray(examples) && examples.length > 0
    ? { examples: examples.slice(0, 3) as unknown[] }
    : example !== undefined && { examples: [example] }),
});

function typeOf(node: Json): string | string[] {
  const { type } = node;
  if (typeof type === "string" && TYPES.has(type)) return type;
  if (Array.isArray(type)) {
    const known = type.filter((one): one is string => typeof one === "string" && TYPES.has(one));
    if (known.length > 0) return known;
  }
  if (isObject(node["properties"])) return "object";
  return node["items"] === undefined ? "string" : "array";
}

/** OpenAPI 3.0 says `nullable` where JSON Schema lists the type. */
const nullableType = (type: string | string[], nullable: unknown): string | string[] =>
  nullable === true && !type.includes("null") ? [...[type].flat(), "null"] : type;

const withNull = (values: unknown[], nullable: unknown): unknown[] =>
  nullable === true && !values.includes(null) ? [...values, null] : values;

/** In OpenAPI 3.0 `exclusiveMinimum` is a boolean beside `minimum`. */
function withBounds(schema: Json): Json {
  const excluded = { minimum: "exclusiveMinimum", maximum: "exclusiveMaximum" } as const;
  const isExclusive = (bound: string): boolean =>
    (bound === "minimum" || bound === "maximum") && schema[excluded[bound]] === true;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword, value]) => !(keyword.startsWith("exclusive") && typeof value === "boolean"))
      .map(([keyword, value]) => [
        isExclusive(keyword) ? excluded[keyword as keyof typeof excluded] : keyword,
        value,
      ]),
  );
}

function markOf(node: Json, name: string | undefined): Json {
  const given = node["x-data-type"];
  if (isDataType(given)) return { "x-data-type": given };
  const format = typeof node["format"] === "string" ? node["format"] : undefined;
  const suggested = name === undefined ? undefined : suggestDataType(name, format);
  return suggested === undefined ? {} : { "x-data-type": suggested };
}
