import type { OpenAPIObject } from "trpc-to-openapi";

/** Any part of the document: a schema, an object that holds schemas, a list of them, or a plain value. */
type Part = unknown;
type PartObject = Record<string, Part>;

/**
 * What GPT importers need of an error. The full envelope, inlined in every refusal of every operation, would be larger
 * than all the rest.
 */
const ERROR_SCHEMA = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["error"] },
    error_code: { type: "string" },
    message: { type: "string" },
    retry_allowed: { type: "boolean", description: "Whether the same request can succeed later" },
    retry_after_seconds: { type: "integer" },
    details: { type: "object", properties: {}, additionalProperties: true },
    next_actions: {
      type: "array",
      items: {
        type: "object",
        properties: {
          operation_id: { type: "string" },
          params: { type: "object", properties: {}, additionalProperties: true },
          description: { type: "string" },
        },
        additionalProperties: true,
      },
    },
    request_id: { type: "string" },
  },
  required: ["status", "error_code", "message", "retry_allowed", "next_actions", "request_id"],
  additionalProperties: true,
};

/** Parts whose content is data of callers, and not schemas. */
const DATA = new Set(["example", "examples", "default", "enum", "const"]);

const SCHEMA_REF = "#/components/schemas/";

/**
 * Rewrites a document for importers that know only the plain parts of JSON Schema: no references to schemas, no lists of
 * types, no objects without `properties`, no `propertyNames`. It describes the same requests and responses.
 */
export function plainDocument(document: OpenAPIObject): OpenAPIObject {
  const schemas = (document.components?.schemas ?? {}) as PartObject;

  function plain(part: Part): Part {
    if (Array.isArray(part)) return (part as Part[]).map(plain);
    if (typeof part !== "object" || part === null) return part;
    const { $ref, ...own } = part as PartObject;
    if (typeof $ref === "string" && $ref.startsWith(SCHEMA_REF)) {
      const name = $ref.slice(SCHEMA_REF.length);
      const target = name === "ErrorEnvelope" ? ERROR_SCHEMA : plain(schemas[name]);
      return { ...(target as PartObject), ...own };
    }
    const parts = Object.entries(part as PartObject);
    return plainSchema(
      Object.fromEntries(parts.map(([key, value]) => [key, DATA.has(key) ? value : plain(value)])),
    );
  }

  const { schemas: _inlined, ...components } = document.components ?? {};
  return { ...document, paths: plain(document.paths) as NonNullable<OpenAPIObject["paths"]>, components };
}

/** @param schema its own parts are plain already. What isn't a schema is returned as it is */
function plainSchema({ propertyNames: _dropped, ...schema }: PartObject): PartObject {
  if (Array.isArray(schema["type"])) {
    const { type, ...rest } = schema;
    const types = type as string[];
    // Keywords such as `minimum` only say something about the type that they belong to.
    return {
      anyOf: types.map((one) => (one === "null" ? { type: one } : plainSchema({ type: one, ...rest }))),
    };
  }
  if (schema["type"] !== "object" || "properties" in schema) return schema;
  const { additionalProperties = true } = schema;
  const isAny = typeof additionalProperties === "object" && !("type" in (additionalProperties as object));
  return { ...schema, properties: {}, additionalProperties: isAny ? true : additionalProperties };
}
