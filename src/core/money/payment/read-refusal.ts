import type { UpstreamAnswer } from "../../ports/upstream.ts";
import { decoderFor, kindOf } from "./decode-output.ts";

/** What an upstream said when it refused a request, as callers see it. */
export interface Refusal {
  /** `excerpt` is the upstream's words, not ours: at most 2,000 characters, and empty if the body isn't text. */
  upstream: { status: number; content_type: string; excerpt: string };
  /** How long the upstream asks to wait. Undefined: it doesn't say. */
  retryAfterSeconds?: number;
}

const MAX_EXCERPT = 2_000;
/** How much of a body is read for an excerpt. The rest can't be in it. */
const MAX_READ_BYTES = 32_000;
/** A longer wait is passed on as a day. */
const MAX_WAIT_SECONDS = 86_400;

/**
 * Reads a refusal. The text is shown to agents, so characters that can't be seen are taken out, and so are all
 * values that only the upstream may see.
 * @param confidential the values to take out (`UpstreamRequest.confidential`)
 */
export function readRefusal(answer: UpstreamAnswer, confidential: readonly string[]): Refusal {
  const contentType = answer.headers["content-type"] ?? "";
  const wait = readRetryAfter(answer.headers["retry-after"]);
  const text = [readTermsError(answer), readText(answer, contentType)]
    .filter((part) => part !== "")
    .join("\n");
  return {
    upstream: {
      status: answer.status,
      content_type: visible(contentType).slice(0, 200),
      excerpt: cut(redact(visible(text), confidential), MAX_EXCERPT),
    },
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  };
}

/** Cuts a text, and doesn't leave half of a surrogate pair at its end. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");

function readText({ body, encoding }: UpstreamAnswer, contentType: string): string {
  if (encoding !== undefined || kindOf(contentType) === "binary") return "";
  const beginning = body.subarray(0, MAX_READ_BYTES);
  const text = decoderFor(contentType, body).decode(beginning, { stream: true });
  return text === "{}" ? "" : text;
}

/** The reason in the header of an x402 v2 402, whose body is empty. Empty if there is none. */
function readTermsError({ status, headers }: UpstreamAnswer): string {
  if (status !== 402) return "";
  try {
    const terms: unknown = JSON.parse(
      Buffer.from(headers["payment-required"] ?? "", "base64").toString("utf8"),
    );
    const error = (terms as { error?: unknown } | null)?.error;
    return typeof error === "string" ? error : "";
  } catch {
    return "";
  }
}

/** Control, format, private and unassigned characters, and those that are drawn as nothing. Line breaks stay. */
const INVISIBLE = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;
const visible = (text: string): string => text.replace(INVISIBLE, "");

/** Shorter values are only taken out as whole words: a region such as PT is part of many words. */
const MIN_INSIDE_WORDS = 4;
/** A part of a header's value, such as the key after `Bearer`. Shorter parts are ordinary words. */
const MIN_PART = 8;

/** Takes values out of an upstream's text that only the upstream may see, and parts of them. */
export function redact(text: string, confidential: readonly string[]): string {
  const values = confidential
    .flatMap((value) => [value, ...value.split(/[\s,;=]+/).filter((part) => part.length >= MIN_PART)])
    .flatMap((value) => [visible(value), JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .filter((value) => value.trim() !== "")
    .sort((a, b) => b.length - a.length);
  if (values.length === 0) return text;
  const patterns = [...new Set(values)].map((value) => {
    const escaped = value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return value.length < MIN_INSIDE_WORDS ? `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])` : escaped;
  });
  return text.replace(new RegExp(patterns.join("|"), "giu"), "[removed]");
}

/**
 * Reads a `Retry-After` header: seconds, or a date. Undefined if there is none or it can't be read.
 * @returns whole seconds, from 1 to a day
 */
function readRetryAfter(header: string | undefined): number | undefined {
  const text = header?.trim() ?? "";
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), MAX_WAIT_SECONDS) : undefined;
}
