import { z } from "zod";
import { isNeutralName, neutralName, neutralPointer, neutralServiceKey } from "./neutral-name.ts";
import type { Named } from "./neutral-name.ts";
import { neutralSchema } from "./neutral-schema.ts";

/**
 * Marks of output fields that hold what a sponsor or a seller wrote. A language model that reads such text can be misled by
 * it. The response layer reads the marks, and answers those who ask for quiet without it (`api/response/quiet-answer.ts`).
 */

interface Mark {
  /** What stands for the value, which isn't null. Undefined leaves the field out, which must be optional. */
  neutral: (value: never) => unknown;
}

const marks = z.registry<Mark>();

/** The mark of a schema, also if it got a description later. Undefined: what it describes is ours, or holds marks itself. */
export const markOf = (schema: z.ZodType): Mark | undefined => marks.get(schema);

function marked<Schema extends z.ZodType>(schema: Schema, neutral: (value: never) => unknown): Schema {
  marks.add(schema, { neutral });
  return schema;
}

const NOTHING = (): undefined => undefined;
const READS_AS_NULL = (): null => null;
const READS_AS_EMPTY = (): [] => [];

/** Words, such as a name, a description or a purpose. Null for those who ask for quiet. */
export const foreignText = () => marked(z.string().nullable(), READS_AS_NULL);

/** Words that an error may have. Left out for those who ask for quiet. */
export const foreignDetail = () => marked(z.string(), NOTHING).optional();

/** A list of words, such as tags. Empty for those who ask for quiet. */
export const foreignTexts = () => marked(z.array(z.string()), READS_AS_EMPTY);

/** A name that programs use, such as a category. It is aliased if it could hold a sentence. */
export const foreignName = (named: Named) => marked(z.string(), (name: string) => neutralName(named, name));

/** Marks a schema of a name, which has rules of its own. */
export const asForeignName = <Schema extends z.ZodType<string>>(named: Named, schema: Schema): Schema =>
  marked(schema.clone(), (name: string) => neutralName(named, name));

/** The key of a service. It is aliased if it could hold a sentence, and the alias finds the service too. */
export const foreignServiceKey = () => marked(z.string(), neutralServiceKey);

/** A JSON Schema. Only its facts stay. */
export const foreignSchema = (schema: z.ZodRecord<z.ZodString, z.ZodType>) =>
  marked(schema.clone(), neutralSchema);

/** Where data of sponsors' schemas stands in a request. Errors elsewhere are about our own fields. */
const SPONSORED_DATA = /^\/(?:input|task_data)(?:\/|$)/;
/** Errors with these keywords can quote what the sponsor listed. */
const QUOTING = new Map([
  ["enum", "Must be one of the values that the schema lists."],
  ["const", "Must be the value that the schema lists."],
  ["pattern", "Must match the schema's pattern."],
]);

interface FieldError {
  path: string;
  message: string;
  keyword: string;
}

/** An error about data: its path has the sponsor's names, and its message can quote the sponsor. */
export const foreignFieldError = () =>
  marked(
    z.object({
      path: z.string().meta({ description: "JSON Pointer to the field in the request" }),
      message: z.string(),
      keyword: z.string().meta({ description: "The JSON Schema keyword that was violated" }),
    }),
    (error: FieldError): FieldError =>
      SPONSORED_DATA.test(error.path)
        ? {
            path: neutralPointer(error.path),
            message: QUOTING.get(error.keyword) ?? error.message,
            keyword: error.keyword,
          }
        : error,
  );

/** Media types that are passed on. A seller can write anything there. */
const MEDIA_TYPES = new Set([
  ...[
    "application/json",
    "application/xml",
    "application/pdf",
    "application/octet-stream",
    "application/zip",
  ],
  ...[
    "text/plain",
    "text/html",
    "text/csv",
    "text/markdown",
    "text/xml",
    "image/png",
    "image/jpeg",
    "image/gif",
  ],
  ...["image/webp", "image/svg+xml", "audio/mpeg", "audio/wav", "video/mp4"],
]);

/** A media type as a seller's response states it. */
export const foreignMediaType = () =>
  marked(z.string(), (text: string) => {
    const [type = ""] = text.split(";");
    const known = type.trim().toLowerCase();
    return MEDIA_TYPES.has(known) ? known : undefined;
  }).optional();

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A path that was called, in which a service's key can stand. */
export const foreignPath = () =>
  marked(z.string(), (path: string) =>
    path
      .split("/")
      .map((part) =>
        part === "" || UUID.test(part) || /^\[\w+\]$/.test(part) ? part : neutralServiceKey(part),
      )
      .join("/"),
  );

/** The shape of a request, in which names of a sponsor's fields can stand. */
export const foreignShape = (schema: z.ZodRecord<z.ZodString, z.ZodType>) =>
  marked(schema.clone(), (shape: unknown) => neutralShape(shape));

function neutralShape(shape: unknown): unknown {
  if (typeof shape === "string")
    return isNeutralName(shape) || UUID.test(shape) ? shape : neutralServiceKey(shape);
  if (Array.isArray(shape)) return shape.map(neutralShape);
  if (typeof shape !== "object" || shape === null) return shape;
  return Object.fromEntries(
    Object.entries(shape).map(([name, inner]) => [neutralName("field", name), neutralShape(inner)]),
  );
}
