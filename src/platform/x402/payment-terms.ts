import type { UpstreamAnswer } from "../../core/ports/upstream.ts";

/** What a 402 says in one place. The fields are as the upstream sent them. */
export interface SentTerms {
  source: "header" | "body";
  x402Version: 1 | 2;
  accepts: readonly unknown[];
  resource: unknown;
  extensions: Record<string, unknown> | undefined;
  /** Whether the stock x402 client reads the terms here. It doesn't look at the body if there is a header. */
  isStandard: boolean;
}

/** More offers than this aren't judged. */
const MAX_OFFERS = 50;

/** A larger body isn't read for terms: 2 MB take half a second to parse, while nobody else is answered. A header has 16 KiB. */
const MAX_TERMS_BYTES = 128 * 1024;
const TOO_LARGE = `the body has more than ${MAX_TERMS_BYTES} bytes`;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads the terms of a 402 from its header (x402 v2) and its body (v1, and v2 of some sellers). Looks only at what
 * holds the offers: everything else may be missing or malformed.
 */
export function readSentTerms(answer: UpstreamAnswer): ReadTerms {
  // The buyer of each network asks.
  const earlier = known.get(answer);
  if (earlier !== undefined) return earlier;
  const read = readAgain(answer);
  known.set(answer, read);
  return read;
}

interface ReadTerms {
  terms: SentTerms[];
  /** What is wrong with terms that can't be read. */
  unreadable: string[];
}

const known = new WeakMap<UpstreamAnswer, ReadTerms>();

function readAgain(answer: UpstreamAnswer): ReadTerms {
  const header = answer.headers["payment-required"];
  const fromHeader = header === undefined ? undefined : readTerms(parseHeader(header), "header", true);
  const fromBody =
    answer.body.length > MAX_TERMS_BYTES
      ? tooLarge(answer.body, header)
      : readTerms(parseJson(decodeText(answer.body)), "body", header === undefined);
  const found = [fromHeader, fromBody].filter((read) => read !== undefined);
  return {
    terms: found.filter((read) => typeof read !== "string"),
    unreadable: found.filter((read) => typeof read === "string"),
  };
}

/** What is wrong with a body that is too large. Undefined: the terms are in the header, or it isn't JSON, such as a page. */
const tooLarge = (body: Buffer, header: string | undefined): string | undefined =>
  header === undefined && decodeText(body.subarray(0, 100)).trim().startsWith("{") ? TOO_LARGE : undefined;

/** Returns the terms, or what is wrong with them. Undefined: a body that isn't about x402. */
function readTerms(
  sent: unknown,
  source: SentTerms["source"],
  isRead: boolean,
): SentTerms | string | undefined {
  const place = source === "header" ? "the PAYMENT-REQUIRED header" : "the body";
  if (!isRecord(sent)) return source === "header" ? `${place} isn't base64 of a JSON object` : undefined;
  const { x402Version, accepts, resource, extensions } = sent;
  if (source === "body" && x402Version === undefined && accepts === undefined) return undefined;
  const version = Number(x402Version);
  if (version !== 1 && version !== 2) return `x402Version in ${place} is neither 1 nor 2`;
  if (!Array.isArray(accepts) || accepts.length === 0) return `accepts in ${place} isn't a list of offers`;
  if (!canBeReturned([accepts, resource, extensions])) return `${place} is nested too deep`;
  return {
    source,
    x402Version: version,
    accepts: accepts.slice(0, MAX_OFFERS) as unknown[],
    resource,
    extensions: isRecord(extensions) ? extensions : undefined,
    isStandard: isRead && (source === "header" || x402Version === 1) && typeof x402Version === "number",
  };
}

/** Whether a payment can carry the value back to the seller. Serialising is recursive: a deep value overflows the stack. */
function canBeReturned(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

/** Base64 of JSON, as the specification says; also base64url, and JSON that isn't encoded. */
function parseHeader(header: string): unknown {
  const text = header.trim();
  return parseJson(text.startsWith("{") ? text : decodeText(Buffer.from(text, "base64")));
}

/** UTF-8, without a byte order mark. */
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
