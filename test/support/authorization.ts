import { randomBytes } from "node:crypto";
import { decodePaymentRequiredHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { Hex, PrivateKeyAccount } from "viem";
import { toHex } from "viem";
import { inject } from "vitest";
import { CHAIN_ID } from "../../src/sandbox/chain/chain.ts";

/** Payments that no stock client makes, such as several on one balance, or one nonce twice. */

/** The fields of an EIP-3009 authorization, for signing. */
export const AUTHORIZATION_FIELDS = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
] as const;

export interface Authorized {
  nonce: Hex;
  header: { "PAYMENT-SIGNATURE": string };
  /** The body of a facilitator's `/settle`. */
  settlement: { x402Version: 2; paymentPayload: PaymentPayload; paymentRequirements: PaymentRequirements };
}

/** The terms of a 402 (x402 v2), from its headers. */
export function termsOf(headers: Headers): PaymentRequirements {
  const [terms] = decodePaymentRequiredHeader(headers.get("payment-required") ?? "").accepts;
  if (terms === undefined) throw new Error("the answer has no payment terms");
  return terms;
}

/** Signs one EIP-3009 authorization for these terms. It is valid for `seconds`. By default its nonce is random. */
export async function authorize(
  wallet: PrivateKeyAccount,
  terms: PaymentRequirements,
  { nonce = toHex(randomBytes(32)), seconds = 60, id }: { nonce?: Hex; seconds?: number; id?: string } = {},
): Promise<Authorized> {
  const authorization = {
    from: wallet.address,
    to: terms.payTo as Hex,
    value: BigInt(terms.amount),
    validAfter: 0n,
    validBefore: BigInt(Math.floor(Date.now() / 1000) + seconds),
    nonce,
  };
  const signature = await wallet.signTypedData({
    domain: { name: "USDC", version: "2", chainId: CHAIN_ID, verifyingContract: inject("chain").asset },
    types: { TransferWithAuthorization: AUTHORIZATION_FIELDS },
    primaryType: "TransferWithAuthorization",
    message: authorization,
  });
  const paymentPayload: PaymentPayload = {
    x402Version: 2,
    accepted: terms,
    resource: { url: "http://any/", description: "", mimeType: "" },
    payload: {
      signature,
      authorization: {
        ...authorization,
        value: terms.amount,
        validAfter: "0",
        validBefore: String(authorization.validBefore),
      },
    },
    ...(id !== undefined && {
      extensions: { "payment-identifier": { info: { required: false, id }, schema: {} } },
    }),
  };
  return {
    nonce,
    header: { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(paymentPayload) },
    settlement: { x402Version: 2, paymentPayload, paymentRequirements: terms },
  };
}

/** Lets the run's facilitator settle a payment. Returns whether that succeeded. */
export const submit = async (payment: Authorized): Promise<boolean> => (await settle(payment)).success;

/** Lets the run's facilitator settle a payment. Returns the transaction. @throws if it wasn't settled */
export async function submitted(payment: Authorized): Promise<Hex> {
  const { success, transaction } = await settle(payment);
  if (!success) throw new Error("the payment wasn't settled");
  return transaction as Hex;
}

async function settle({ settlement }: Authorized): Promise<{ success: boolean; transaction: string }> {
  const response = await fetch(`${inject("chain").facilitatorUrl}/settle`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settlement),
  });
  return (await response.json()) as { success: boolean; transaction: string };
}
