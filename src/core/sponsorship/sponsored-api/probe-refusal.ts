import type { Offers, RefusedOffer } from "../../money/payment/index.ts";
import { redactorOf } from "../../money/payment/index.ts";
import type { LastingProblem, UpstreamAnswer, UpstreamFailure } from "../../ports/upstream.ts";
import type { Probe } from "../../protocol/error-details.ts";
import { AppError } from "../../protocol/errors.ts";
import { withoutInvisible } from "../../protocol/invisible-text.ts";

/** More refused offers aren't listed. */
const MAX_LISTED = 10;
/** More refused offers aren't explained in the message. */
const MAX_EXPLAINED = 3;
const MAX_LOCATION_CHARACTERS = 300;

type Cause = NonNullable<Probe["cause"]>;

interface Refusal {
  cause: Cause;
  message: string;
  /** Whether the same registration can succeed later. */
  retryAllowed: boolean;
  details?: Probe;
}

/**
 * The error for an upstream that can't be registered: the cause, and what its sponsor can do.
 * @param confidential values that the error must not show, such as the sponsor's headers
 */
function refuse(
  { cause, message, retryAllowed, details = {} }: Refusal,
  confidential: readonly string[],
): AppError {
  const redact = redactorOf(confidential);
  const probe = JSON.stringify({ cause, ...details }, (_, part: unknown) =>
    typeof part === "string" ? redact(part) : part,
  );
  return new AppError("upstream_error", {
    message: redact(message),
    details: { probe: JSON.parse(probe) as Probe },
    retryAllowed,
  });
}

/** The error for a 402 none of whose offers can be paid. */
export function refuseTerms({ refused, unreadable }: Offers, confidential: readonly string[]): AppError {
  const details = {
    status: 402,
    ...(refused.length > 0 && { offers: refused.slice(0, MAX_LISTED) }),
    ...(unreadable.length > 0 && { unreadable }),
  };
  if (refused.length === 0) {
    const reason = unreadable.length === 0 ? "It states no terms" : unreadable.join("; ");
    const message = `The upstream's 402 has no x402 terms that can be read. ${reason}. Ask the seller to mend them.`;
    return refuse({ cause: "no_terms", message, retryAllowed: false, details }, confidential);
  }
  const reasons = refused.slice(0, MAX_EXPLAINED).map(explain).join(" ");
  const message = `The upstream's 402 has no offer that can be paid. ${reasons} Ask the seller for such an offer, or register another upstream.`;
  return refuse({ cause: "unpayable_offers", message, retryAllowed: false, details }, confidential);
}

function explain({ index, source, field, found, expected }: RefusedOffer): string {
  const sent = found === undefined ? "is missing" : `is "${found}"`;
  return `In accepts[${index}] of the ${source}, ${field} ${sent}, and has to be ${expected}.`;
}

/** The error for a 402 that names other payees than the sponsor did. */
export function refusePayee(
  offers: Offers["payable"],
  payTo: string,
  confidential: readonly string[],
): AppError {
  const found = offers[0]?.payTo ?? "";
  const message = `The upstream's 402 names another payee than pay_to: ${found}. Name this one, or leave pay_to out.`;
  const listed = offers.slice(0, MAX_LISTED).map((offer) => ({
    index: offer.index,
    source: offer.source,
    field: "pay_to" as const,
    found: offer.payTo,
    expected: payTo,
    scheme: "exact",
    network: offer.network,
    asset: offer.asset,
  }));
  const details = { field: "pay_to", status: 402, offers: listed };
  return refuse({ cause: "other_payee", message, retryAllowed: false, details }, confidential);
}

/** The error for an upstream that would be paid to the treasury's own address. */
export const refuseTreasury = (): AppError =>
  refuse(
    {
      cause: "pays_treasury",
      message: "The payee is the treasury's own address. Name the upstream's address.",
      retryAllowed: false,
      details: { field: "pay_to" },
    },
    [],
  );

/** The error for an address that isn't public any more. */
export const refuseBlocked = (): AppError =>
  refuse(
    {
      cause: "blocked",
      message: "The upstream's address isn't public any more, so it can't be called.",
      retryAllowed: false,
      details: { field: "upstream_url", failure: "blocked" },
    },
    [],
  );

/** The error for an answer that is neither a success nor a 402. */
export function refuseAnswer(answer: UpstreamAnswer, confidential: readonly string[]): AppError {
  const { status } = answer;
  const known = explainStatus(status, answer.headers["location"]);
  const message = `The upstream answered the test request with ${status}. ${known.advice}`;
  const details = {
    ...(known.field !== undefined && { field: known.field }),
    status,
    ...(known.location !== undefined && { location: known.location }),
  };
  return refuse({ cause: known.cause, message, retryAllowed: known.retryAllowed, details }, confidential);
}

interface StatusCause {
  cause: Cause;
  advice: string;
  retryAllowed: boolean;
  field?: string;
  location?: string;
}

/** Statuses that say that the same request can succeed later. */
const TRANSIENT = new Set([408, 425, 429]);

function explainStatus(status: number, location: string | undefined): StatusCause {
  if (status >= 300 && status < 400) {
    const to =
      location === undefined ? undefined : withoutInvisible(location.slice(0, MAX_LOCATION_CHARACTERS));
    const advice = `It redirects${to === undefined ? "" : ` to ${to}`}. Redirects aren't followed: register the address where it answers.`;
    const found = to === undefined ? {} : { location: to };
    return { cause: "redirect", field: "upstream_url", advice, retryAllowed: false, ...found };
  }
  if (status >= 500 || TRANSIENT.has(status) || status < 200)
    return { cause: "status", advice: "Try again later.", retryAllowed: true };
  switch (status) {
    case 400:
    case 422: {
      const advice = "It refused the sample input. Give a sample_input that it accepts.";
      return { cause: "sample_input", field: "sample_input", advice, retryAllowed: false };
    }
    case 401:
    case 403: {
      const advice = "Check the credentials in upstream_headers.";
      return { cause: "credentials", field: "upstream_headers", advice, retryAllowed: false };
    }
    case 405:
      return {
        cause: "status",
        field: "upstream_method",
        advice: "Check upstream_method.",
        retryAllowed: false,
      };
    default:
      return { cause: "status", field: "upstream_url", advice: "Check upstream_url.", retryAllowed: false };
  }
}

const PROBLEMS: Record<LastingProblem, { limitBytes?: number; field?: string; message: string }> = {
  tls: {
    field: "upstream_url",
    message: "TLS with the upstream failed; its certificate has to be valid and publicly trusted",
  },
  headers_too_large: {
    limitBytes: 16_384,
    message: "The headers of the upstream's answer are too large; at most 16 kB are read",
  },
};

const FAILURES: Record<Exclude<UpstreamFailure["kind"], "blocked">, { cause: Cause; message: string }> = {
  timeout: { cause: "timeout", message: "The upstream didn't answer within timeout_ms" },
  unreachable: { cause: "unreachable", message: "No connection to the upstream could be made" },
  cut: { cause: "broken_off", message: "The upstream's answer broke off" },
};

/** The error for an upstream that didn't answer. */
export function refuseFailure(failure: Exclude<UpstreamFailure, { kind: "blocked" }>): AppError {
  const { kind } = failure;
  const problem = "problem" in failure ? failure.problem : undefined;
  const reason = "reason" in failure ? ` (${failure.reason})` : "";
  if (problem === undefined) {
    const { cause, message } = FAILURES[kind];
    const details = { failure: kind };
    return refuse({ cause, message: `${message}${reason}.`, retryAllowed: true, details }, []);
  }
  const { limitBytes, field, message } = PROBLEMS[problem];
  const details = {
    ...(field !== undefined && { field }),
    failure: kind,
    ...(limitBytes !== undefined && { limit_bytes: limitBytes }),
  };
  return refuse({ cause: problem, message: `${message}${reason}.`, retryAllowed: false, details }, []);
}

/** More of an answer isn't read. */
const MAX_ANSWER_BYTES = 2_000_000;

/** The error for a 402 whose body, which may hold the terms, isn't complete. */
export function refuseTruncated({ status, body }: UpstreamAnswer): AppError {
  if (body.length < MAX_ANSWER_BYTES) return refuseFailure({ kind: "cut", reason: "in its body" });
  const message = "The upstream's answer to an unpaid request is too large; at most 2 MB are read.";
  const details = { status, limit_bytes: MAX_ANSWER_BYTES };
  return refuse({ cause: "answer_too_large", message, retryAllowed: false, details }, []);
}
