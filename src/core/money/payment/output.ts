import type { Deps } from "../../context.ts";
import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { AnswerBody, DecodeContext } from "./decode-output.ts";
import { decodeOutput } from "./decode-output.ts";
import type { PaymentRow } from "./read-store.ts";
import { isOpen } from "./status.ts";
import type { SendOutcome } from "./outcome-store.ts";

/** An upstream's answer as the agent gets it, or the reason why there is none. */
export interface Output {
  output?: unknown;
  output_written_by?: "seller";
  output_content_type?: string;
  output_truncated?: true;
  output_unavailable_reason?: "not_delivered" | "too_large" | "no_longer_kept";
}

/** Binds an encrypted output to its payment. */
const outputContext = (paymentId: string): string => `payments.output:${paymentId}`;

export const decryptOutput = (cipher: Cipher, paymentId: string, output: Uint8Array): Buffer =>
  cipher.decrypt(output, outputContext(paymentId));

/** Whether an upstream's answer is a success (2xx): it delivers the resource. */
export const isSuccess = ({ status }: Pick<UpstreamAnswer, "status">): boolean =>
  status >= 200 && status < 300;

export const bodyOf = ({ body, headers, truncated, encoding }: UpstreamAnswer): AnswerBody => ({
  body,
  contentType: headers["content-type"] ?? "",
  truncated,
  encoding,
});

/** Encrypts an answer for storing. An answer larger than `keep.maxBytes` is stored without its body. */
export function encryptOutput(
  paymentId: string,
  answer: UpstreamAnswer,
  cipher: Cipher,
  keep: { maxBytes: number; seconds: number },
): NonNullable<SendOutcome["output"]> {
  const { body, contentType, truncated, encoding } = bodyOf(answer);
  return {
    body: body.length > keep.maxBytes ? null : cipher.encrypt(body, outputContext(paymentId)),
    contentType,
    truncated,
    encoding: encoding ?? null,
    keepSeconds: keep.seconds,
  };
}

/** A payment's stored output, or why there is none. Empty while the output may still arrive. */
export async function readStoredOutput(
  ctx: DecodeContext & Pick<Deps, "cipher">,
  payment: PaymentRow,
): Promise<Output> {
  if (mayStillArrive(payment)) return {};
  if (payment.deliveredAt === null) return { output: null, output_unavailable_reason: "not_delivered" };
  if (payment.outputExpired) return { output: null, output_unavailable_reason: "no_longer_kept" };
  const body = readStoredBody(payment, ctx.cipher);
  return body === undefined
    ? { output: null, output_unavailable_reason: "too_large" }
    : decodeOutput(ctx, body);
}

/** A payment's output as it was stored. Undefined if it wasn't kept, or no longer. */
export function readStoredBody(payment: PaymentRow, cipher: Cipher): AnswerBody | undefined {
  if (payment.output === null || payment.outputExpired) return undefined;
  return {
    body: decryptOutput(cipher, payment.id, payment.output),
    contentType: payment.outputContentType ?? "",
    truncated: payment.outputTruncated,
    encoding: payment.outputEncoding ?? undefined,
  };
}

/** Whether a missing output can still arrive: the payment is open, or its request is being sent. */
export function mayStillArrive(payment: Pick<PaymentRow, "status" | "deliveredAt" | "sendLeased">): boolean {
  return payment.deliveredAt === null && (isOpen(payment) || payment.sendLeased);
}
