import type { Caller, Deps } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { findInexactNumbers } from "../../protocol/exact-numbers.ts";

/** The body of an upstream's answer, as it came or as it was stored. */
export interface AnswerBody {
  body: Buffer;
  /** The `Content-Type` header. Empty: the upstream named none. */
  contentType: string;
  /** `body` is only the beginning. */
  truncated: boolean;
  /** The `Content-Encoding` of `body`, if it couldn't be undone. */
  encoding: string | undefined;
}

/** The output as the agent gets it. */
export interface DecodedOutput {
  output: unknown;
  output_written_by: "seller";
  output_content_type: string;
  output_truncated?: true;
}

/** What is needed to decode: the compute thread, and whose output it is. */
export type DecodeContext = Pick<Deps, "compute"> & Caller;

/**
 * Decodes an answer: JSON to its value, text to a string, anything else to `{ base64 }`. JSON stays text if it
 * is invalid, cut off, too deep, of too many parts, or has a number that would change.
 */
export async function decodeOutput(
  ctx: DecodeContext,
  { body, contentType, truncated, encoding }: AnswerBody,
): Promise<DecodedOutput> {
  const kind = encoding === undefined ? kindOf(contentType) : "binary";
  return {
    output:
      kind === "binary"
        ? { base64: body.toString("base64") }
        : await decodeText(ctx, body, contentType, kind, truncated),
    output_written_by: "seller",
    output_content_type: contentType,
    ...(truncated && { output_truncated: true }),
  };
}

async function decodeText(
  ctx: DecodeContext,
  body: Buffer,
  contentType: string,
  kind: "json" | "text",
  truncated: boolean,
): Promise<unknown> {
  // `stream` leaves out a character that was cut in the middle.
  const text = decoderFor(contentType, body).decode(body, { stream: truncated });
  if (kind === "text" || truncated) return text;
  return text.length <= LONG_JSON ? decodeJson(text) : decodeLongJson(ctx, text);
}

/** Longer JSON is looked through in the compute thread. Parsing it alone is quick. */
const LONG_JSON = 64 * 1024;

/** The value, or the text itself if it isn't JSON, or its value would differ or couldn't be sent. */
function decodeJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isTooComplex(value) || findInexactNumbers(text).length > 0 ? text : value;
  } catch {
    return text;
  }
}

/** If a long text can't be looked through, it stays text: it was paid, so it has to arrive. */
async function decodeLongJson(ctx: DecodeContext, text: string): Promise<unknown> {
  const staysText = await ctx.compute
    .run(callerKey(ctx), { name: "staysText", args: [text] }, { isUrgent: true })
    .catch(() => true);
  return staysText === true ? text : JSON.parse(text);
}

/** What the compute thread does for outputs. */
export const OUTPUT_TASKS = {
  staysText: (json: string): boolean => decodeJson(json) === json,
};

/** Text formats whose media types are neither `text/…` nor end in the name of a text format, such as `+xml`. */
const TEXT_TYPES = new Set(
  [
    ["xml", "xml-dtd", "yaml", "x-yaml", "toml", "graphql", "sql", "x-www-form-urlencoded"],
    ["ndjson", "x-ndjson", "jsonl", "x-jsonl", "jsonlines", "json-lines", "json-seq", "json5"],
    ["javascript", "x-javascript", "ecmascript"],
  ]
    .flat()
    .map((name) => `application/${name}`),
);
const TEXT_SUFFIX = /\+(?:xml|yaml|json-seq)$/;

/** What a media type's bodies are. An answer without one counts as text. */
export function kindOf(contentType: string): "json" | "text" | "binary" {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (type === "" || type.startsWith("text/")) return "text";
  return TEXT_TYPES.has(type) || TEXT_SUFFIX.test(type) ? "text" : "binary";
}

/** An XML text may name its charset in its first line. */
const XML_ENCODING = /^<\?xml[^>]{1,100}encoding=["']([\w.:-]{1,40})["']/;

/** A decoder for the charset that the upstream names, or UTF-8. It removes a byte order mark. */
export function decoderFor(contentType: string, body: Buffer): InstanceType<typeof TextDecoder> {
  const charset =
    /charset="?([\w.:-]{1,40})/i.exec(contentType)?.[1] ??
    XML_ENCODING.exec(body.subarray(0, 200).toString("latin1"))?.[1];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** JSON nested deeper stays text. Serialising is recursive, so a deeper value could overflow the stack. */
const MAX_DEPTH = 200;
/**
 * JSON of more lists and objects stays text. Parsing and writing 250,000 take 20 ms each, and everybody waits meanwhile. A map's
 * answer of 2 MB, which is all pairs of numbers, has half as many.
 */
const MAX_PARTS = 250_000;

function isTooComplex(value: unknown): boolean {
  const pending = [{ value, depth: 0 }];
  let parts = 0;
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    if (typeof current.value !== "object" || current.value === null) continue;
    parts += 1;
    if (current.depth > MAX_DEPTH || parts > MAX_PARTS) return true;
    for (const nested of Object.values(current.value))
      pending.push({ value: nested, depth: current.depth + 1 });
  }
  return false;
}
