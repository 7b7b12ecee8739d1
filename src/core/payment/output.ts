import type { Cipher } from "../ports.ts";
import type { UpstreamAnswer } from "./ports.ts";
import type { PaymentRow, SendOutcome } from "./store.ts";

/** An upstream's answer as it goes to the agent. */
export interface Output {
  output?: unknown;
  output_content_type?: string;
  output_unavailable_reason?: "not_delivered" | "too_large" | "no_longer_kept";
}

const outputContext = (paymentId: string): string => `payments.output:${paymentId}`;

/** A JSON value for JSON, a string for text, else `{ base64 }`. */
export function readOutput(contentType: string, body: Buffer): Output {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const text = (): string => body.toString("utf8");
  let output: unknown;
  if (/^application\/json$|\+json$/.test(type)) {
    try {
      output = JSON.parse(text());
    } catch {
      output = text();
    }
  } else if (type.startsWith("text/") || type === "") {
    output = text();
  } else {
    output = { base64: body.toString("base64") };
  }
  return { output, output_content_type: contentType };
}

export const contentTypeOf = (answer: UpstreamAnswer): string => answer.headers["content-type"] ?? "";

/** What is kept of an answer: encrypted, up to a size and for a time. */
export function keepOutput(
  paymentId: string,
  answer: UpstreamAnswer,
  cipher: Cipher,
  keep: { maxBytes: number; seconds: number },
): NonNullable<SendOutcome["output"]> {
  return {
    body: answer.body.length > keep.maxBytes ? null : cipher.encrypt(answer.body, outputContext(paymentId)),
    contentType: contentTypeOf(answer),
    keepSeconds: keep.seconds,
  };
}

/** What is still there of a payment's output; nothing while it may yet come. */
export function keptOutput(payment: PaymentRow, cipher: Cipher): Output {
  if (payment.delivered_at === null) {
    return isOpen(payment) ? {} : { output: null, output_unavailable_reason: "not_delivered" };
  }
  if (payment.output === null) return { output: null, output_unavailable_reason: "too_large" };
  if (payment.output_expired) return { output: null, output_unavailable_reason: "no_longer_kept" };
  return readOutput(
    payment.output_content_type ?? "",
    cipher.decrypt(payment.output, outputContext(payment.id)),
  );
}

export function isOpen({ status }: Pick<PaymentRow, "status">): boolean {
  return (
    status === "reserved" ||
    status === "signed" ||
    status === "sent" ||
    status === "unknown" ||
    status === "refused"
  );
}
