import { readFileSync } from "node:fs";
import addFormats from "ajv-formats";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Operation } from "../../src/api/operation/operations.ts";
import type { JsonSchema } from "./arbitrary-json.ts";

/** openapi/openapi.json, to generate requests from and to check answers against. */

interface Document {
  paths: Record<string, Record<string, DocumentedOperation>>;
}
export interface DocumentedOperation {
  parameters?: { name: string; in: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, unknown>;
}

const document = JSON.parse(readFileSync("openapi/openapi.json", "utf8")) as Document;
const ajv = addFormats.default(new Ajv2020({ strict: false, validateFormats: true }));
ajv.addSchema({ $id: "openapi", ...document });
ajv.addSchema({ $id: "concise", ...(asConcise(document) as Document) });

/** A concise answer leaves fields out, and counts the entries that it left out of a list. All else is as documented. */
function asConcise(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(asConcise);
  const { required, ...rest } = node as Record<string, unknown>;
  const kept = Object.entries(Array.isArray(required) ? rest : node).map(([name, value]) => [
    name,
    asConcise(value),
  ]);
  const counts = { _left_out$: { type: "integer", minimum: 1 } };
  return Object.fromEntries([...kept, ...("properties" in node ? [["patternProperties", counts]] : [])]);
}

/** The schema that a `$ref` points to. */
export function resolveRef(ref: string): JsonSchema {
  return ref
    .slice(2)
    .split("/")
    .reduce<unknown>((node, token) => (node as Record<string, unknown>)[token], document) as JsonSchema;
}

/** As a JSON Pointer writes it. */
const escaped = (token: string): string => token.replaceAll("~", "~0").replaceAll("/", "~1");

/** The validator of an operation's answers with this status, if the document describes their body. */
export const answerValidator = (
  { path, method }: Operation,
  status: number,
  detail: "full" | "concise" = "full",
): ValidateFunction | undefined =>
  ajv.getSchema(
    `${detail === "full" ? "openapi" : "concise"}#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`,
  );

/** An operation in the document. @throws Error if it is missing */
export function documentedOperation({ path, method }: Operation): DocumentedOperation {
  const found = document.paths[path]?.[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${path} isn't in the document`);
  return found;
}
