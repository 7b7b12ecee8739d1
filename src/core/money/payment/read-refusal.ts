import type { UpstreamAnswer } from "../../ports/upstream.ts";
import { withoutInvisible } from "../../protocol/invisible-text.ts";
import { decoderFor, kindOf } from "./decode-output.ts";
import { redactorOf } from "./redact.ts";

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
      content_type: withoutInvisible(contentType).slice(0, 200),
      excerpt: cut(redactorOf(confidential)(withoutInvisible(text), MAX_EXCERPT), MAX_EXCERPT),
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

/**
 * Reads a `Retry-After` header: seconds, or a date. Undefined if there is none or it can't be read.
 * @returns whole seconds, from 1 to a day
 */
function readRetryAfter(header: string | undefined): number | undefined {
  const text = header?.trim() ?? "";
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), MAX_WAIT_SECONDS) : undefined;
}
