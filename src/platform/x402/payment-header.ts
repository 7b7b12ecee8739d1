import { decodePaymentSignatureHeader } from "@x402/core/http";
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from "@x402/core/schemas";
import type { PaymentPayload } from "@x402/core/types";
import { extractPaymentIdentifier } from "@x402/extensions/payment-identifier";
import type { Address, Hex } from "viem";
import { parseErc6492Signature } from "viem";
import { z } from "zod";
import type { PresentedPayment, RequestHeaders } from "../../core/ports/x402-seller.ts";

const HexAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const SignedPayload = z.looseObject({
  signature: z.string().regex(/^0x[0-9a-fA-F]{2,4000}$/),
  authorization: z.looseObject({
    from: HexAddress,
    to: HexAddress,
    value: z.string().regex(/^\d{1,18}$/),
    validAfter: z.string().regex(/^\d{1,12}$/),
    validBefore: z.string().regex(/^\d{1,12}$/),
    nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  }),
});

/** What `PresentedPayment.raw` holds: the payment as the caller sent it, and the signed payee and amount. */
export interface RawPayment {
  version: 1 | 2;
  payload: PaymentPayload;
  /** The terms that the caller says it accepted. Those of v1 are only scheme and network. */
  accepted: { scheme: string; network: string; asset?: string; amount?: string; payTo?: string };
  to: Address;
  /** Micros. */
  value: bigint;
}

/** Reads the payment in a request's headers: `PAYMENT-SIGNATURE` (x402 v2), else `X-PAYMENT` (v1). */
export function readPaymentHeader(headers: RequestHeaders): PresentedPayment | "none" | "malformed" {
  const [v2, v1] = [headers["payment-signature"], headers["x-payment"]];
  if (typeof v2 === "string") return readV2(v2);
  return typeof v1 === "string" ? readV1(v1) : "none";
}

function readV2(header: string): PresentedPayment | "malformed" {
  const sent = PaymentPayloadV2Schema.safeParse(decode(header));
  if (!sent.success) return "malformed";
  const { accepted, payload } = sent.data;
  return toPresentedPayment(payload, { version: 2, payload: sent.data as PaymentPayload, accepted });
}

function readV1(header: string): PresentedPayment | "malformed" {
  const sent = PaymentPayloadV1Schema.safeParse(decode(header));
  if (!sent.success) return "malformed";
  const { scheme, network, payload } = sent.data;
  return toPresentedPayment(payload, {
    version: 1,
    payload: sent.data as unknown as PaymentPayload,
    accepted: { scheme, network },
  });
}

function toPresentedPayment(
  payload: unknown,
  raw: Omit<RawPayment, "to" | "value">,
): PresentedPayment | "malformed" {
  const signed = SignedPayload.safeParse(payload);
  if (!signed.success) return "malformed";
  const { from, to, value, validBefore, nonce } = signed.data.authorization;
  return {
    payer: from.toLowerCase() as Address,
    nonce: nonce.toLowerCase() as Hex,
    validBefore: BigInt(validBefore),
    retryId: raw.version === 2 ? (extractPaymentIdentifier(raw.payload) ?? undefined) : undefined,
    raw: { ...raw, to: to as Address, value: BigInt(value) } satisfies RawPayment,
  };
}

/**
 * Says why a signature can't be one of any wallet. Undefined: it can. The signature of a wallet that isn't deployed
 * yet is wrapped (EIP-6492). Facilitators fail at a malformed wrapper, and their failure would look like an outage.
 */
export function findSignatureProblem(payload: PaymentPayload): string | undefined {
  const { signature } = SignedPayload.parse(payload.payload);
  if (signature.length % 2 !== 0) return "the signature has half a byte";
  try {
    parseErc6492Signature(signature as Hex);
    return undefined;
  } catch {
    return "the signature's EIP-6492 wrapper is malformed";
  }
}

function decode(header: string): unknown {
  try {
    return decodePaymentSignatureHeader(header);
  } catch {
    return undefined;
  }
}
