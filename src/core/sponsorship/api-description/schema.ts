import { z } from "zod";
import { JsonObject } from "../../protocol/fields.ts";

/** The largest document. Parsing YAML of this size takes about a third of a second. */
const MOST_DOCUMENT_CHARACTERS = 200_000;

const Document = z.string().min(1).max(MOST_DOCUMENT_CHARACTERS);
const Place = z.strictObject({ method: z.string().max(10), path: z.string().min(1).max(2000) });

export const ListOperationsInput = z.strictObject({ document: Document });
export const ListOperationsOutput = z.object({
  operations: z.array(z.object({ ...Place.shape, name: z.string(), problem: z.string().nullable() })),
});

export const ReadOperationInput = z.strictObject({ document: Document, operation: Place });
export const ReadOperationOutput = z.object({
  upstream_url: z.string().nullable(),
  upstream_method: z.enum(["GET", "POST"]),
  service_key: z.string(),
  name: z.string(),
  description: z.string(),
  input_schema: JsonObject,
  sample_input: JsonObject,
  required_headers: z.array(z.string()),
});
