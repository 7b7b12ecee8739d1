import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { PaymentRow, SendOutcome } from "./store.ts";

/** An upstream's answer as it goes to the agent. */
export interface Output {
  output?: unknown;
  output_content_type?: string;
  output_unavailable_reason?: "not_delivered" | "too_large" | "no_longer_kept";
}

const outputContext = (paymentId: string): string => `payments.output:${paymentId}`;

/** A JSON value for JSON, a string for text, else `{ base64 }`. */
export function decodeOutput(contentType: string, body: Buffer): Output {
  return { output: decode(contentType, body), output_content_type: contentType };
}

function decode(contentType: string, body: Buffer): unknown {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const isJson = type === "application/json" || type.endsWith("+json");
  if (!isJson && type !== "" && !type.startsWith("text/")) return { base64: body.toString("base64") };

  const text = decoderFor(contentType).decode(body);
  if (!isJson) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isDeep(value) ? text : value;
  } catch {
    return text;
  }
}

/** The charset the upstream names, or UTF-8. Takes a byte order mark off. */
function decoderFor(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /charset="?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** Deeper than anything can make of it again: serialising recurses. */
const MAX_DEPTH = 200;

function isDeep(value: unknown): boolean {
  const pending = [{ value, depth: 0 }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (typeof place.value !== "object" || place.value === null) continue;
    if (place.depth > MAX_DEPTH) return true;
    for (const nested of Object.values(place.value)) pending.push({ value: nested, depth: place.depth + 1 });
  }
  return false;
}

export const contentTypeOf = (answer: UpstreamAnswer): string => answer.headers["content-type"] ?? "";

/** What is kept of an answer: encrypted, up to a size and for a time. */
export function encryptOutput(
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
export function readStoredOutput(payment: PaymentRow, cipher: Cipher): Output {
  if (mayStillArrive(payment)) return {};
  if (payment.delivered_at === null) return { output: null, output_unavailable_reason: "not_delivered" };
  if (payment.output_expired) return { output: null, output_unavailable_reason: "no_longer_kept" };
  if (payment.output === null) return { output: null, output_unavailable_reason: "too_large" };
  return decodeOutput(
    payment.output_content_type ?? "",
    cipher.decrypt(payment.output, outputContext(payment.id)),
  );
}

/** The bytes of an output, while they are kept. */
export function readStoredBytes(
  payment: PaymentRow,
  cipher: Cipher,
): { body: Buffer; contentType: string } | undefined {
  if (payment.output === null || payment.output_expired) return undefined;
  const body = cipher.decrypt(payment.output, outputContext(payment.id));
  return { body, contentType: payment.output_content_type ?? "" };
}

/** Whether an output that isn't there can still arrive: the payment is open, or its request is being sent. */
export function mayStillArrive(
  payment: Pick<PaymentRow, "status" | "delivered_at" | "send_leased">,
): boolean {
  return payment.delivered_at === null && (isOpen(payment) || payment.send_leased);
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
