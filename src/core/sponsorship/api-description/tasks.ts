import { parseDocument } from "yaml";
import { isObject, toInputSchema, Unreadable } from "./input-schema.ts";
import type { ListedOperation, OperationPlace, ReadOperation } from "./operations.ts";
import { listOperations, readOperation } from "./operations.ts";

/** What was read, or what is wrong with what was to be read. */
export type Readable<Result> = { read: Result } | { problem: string };

/** Aliases of YAML may be used so often in all. Each use of one that holds others multiplies. */
const MOST_ALIASES = 100;

/** What can be done with descriptions of others. All arguments and results are JSON, so that it can be done in another thread. */
export const DESCRIPTION_TASKS = {
  listOperations: (document: string): Readable<ListedOperation[]> =>
    reading(() => listOperations(parse(document))),
  readOperation: (document: string, place: OperationPlace): Readable<ReadOperation> =>
    reading(() => readOperation(parse(document), place)),
  toInputSchema: (schema: unknown): Readable<Record<string, unknown>> =>
    reading(() => toInputSchema(schema, schema)),
};

export type DescriptionTask = keyof typeof DESCRIPTION_TASKS;

/** What was read may be as large as the largest document, in characters. A document can name its largest part a thousand times. */
const MOST_CHARACTERS = 200_000;

function reading<Result>(read: () => Result): Readable<Result> {
  try {
    const result = read();
    if (roomAfter(result, MOST_CHARACTERS) < 0)
      throw new Unreadable(
        "It says too much: its parts are repeated until they are larger than the document.",
      );
    return { read: result };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

/** How many characters are left after a JSON value. It looks at no more of the value than there is room for. */
function roomAfter(value: unknown, room: number): number {
  if (typeof value === "string") return room - value.length - 2;
  if (typeof value !== "object" || value === null) return room - 5;
  let left = room - 2;
  for (const key in value) {
    if (left < 0) return left;
    left = roomAfter((value as Record<string, unknown>)[key], left - key.length - 4);
  }
  return left;
}

/** Parses an OpenAPI document, which is JSON or YAML. @throws Unreadable */
function parse(document: string): Record<string, unknown> {
  const root = document.trimStart().startsWith("{") ? parseJson(document) : parseYaml(document);
  if (!isObject(root)) throw new Unreadable("This is no OpenAPI document: it is no JSON or YAML object.");
  const version = root["openapi"];
  if (typeof version !== "string" || !/^3\.[0-2](\.|$)/.test(version))
    throw new Unreadable("This is no OpenAPI document of version 3.0, 3.1 or 3.2.");
  return root;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Unreadable("This is no valid JSON.");
  }
}

function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, {
      merge: false,
      // The library compares each key with all before it: seconds for 40,000 keys. As in JSON, the last one of a name counts.
      uniqueKeys: false,
      strict: true,
      logLevel: "silent",
    });
    const [error] = document.errors;
    if (error !== undefined)
      throw new Unreadable(`This is no valid YAML: ${error.message.split("\n")[0] ?? ""}`);
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable("This YAML can't be read: it is nested too deep, or its aliases multiply.");
  }
}
