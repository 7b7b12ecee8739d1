import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { PaymentRow } from "./read-store.ts";
import { isOpen } from "./status.ts";
import type { SendOutcome } from "./store.ts";

/** An upstream's answer as the agent gets it, or the reason why there is none. */
export interface Output {
  output?: unknown;
  output_content_type?: string;
  output_unavailable_reason?: "not_delivered" | "too_large" | "no_longer_kept";
}

/** Binds an encrypted output to its payment. */
const outputContext = (paymentId: string): string => `payments.output:${paymentId}`;

/**
 * Decodes an answer: JSON to its value, text to a string, anything else to `{ base64 }`. Invalid JSON stays a
 * string.
 */
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
    return isTooDeep(value) ? text : value;
  } catch {
    return text;
  }
}

/** A decoder for the charset that the upstream names, or UTF-8. It removes a byte order mark. */
function decoderFor(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /charset="?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** JSON nested deeper stays text. Serialising is recursive, so a deeper value could overflow the stack. */
const MAX_DEPTH = 200;

function isTooDeep(value: unknown): boolean {
  const pending = [{ value, depth: 0 }];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    if (typeof current.value !== "object" || current.value === null) continue;
    if (current.depth > MAX_DEPTH) return true;
    for (const nested of Object.values(current.value))
      pending.push({ value: nested, depth: current.depth + 1 });
  }
  return false;
}

/** Whether an upstream's answer is a success (2xx): it delivers the resource. */
export const isSuccess = ({ status }: Pick<UpstreamAnswer, "status">): boolean =>
  status >= 200 && status < 300;

export const contentTypeOf = (answer: UpstreamAnswer): string => answer.headers["content-type"] ?? "";

/** Encrypts an answer for storing. An answer larger than `keep.maxBytes` is stored without its body. */
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

/** A payment's stored output, or why there is none. Empty while the output may still arrive. */
export function readStoredOutput(payment: PaymentRow, cipher: Cipher): Output {
  if (mayStillArrive(payment)) return {};
  if (payment.deliveredAt === null) return { output: null, output_unavailable_reason: "not_delivered" };
  if (payment.outputExpired) return { output: null, output_unavailable_reason: "no_longer_kept" };
  if (payment.output === null) return { output: null, output_unavailable_reason: "too_large" };
  return decodeOutput(
    payment.outputContentType ?? "",
    cipher.decrypt(payment.output, outputContext(payment.id)),
  );
}

/** The bytes of a payment's output. Undefined if they weren't kept, or no longer. */
export function readStoredBytes(
  payment: PaymentRow,
  cipher: Cipher,
): { body: Buffer; contentType: string } | undefined {
  if (payment.output === null || payment.outputExpired) return undefined;
  const body = cipher.decrypt(payment.output, outputContext(payment.id));
  return { body, contentType: payment.outputContentType ?? "" };
}

/** Whether a missing output can still arrive: the payment is open, or its request is being sent. */
export function mayStillArrive(payment: Pick<PaymentRow, "status" | "deliveredAt" | "sendLeased">): boolean {
  return payment.deliveredAt === null && (isOpen(payment) || payment.sendLeased);
}
