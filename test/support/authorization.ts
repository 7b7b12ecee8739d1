import { randomBytes } from "node:crypto";
import { decodePaymentRequiredHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { Hex, PrivateKeyAccount } from "viem";
import { toHex } from "viem";
import { inject } from "vitest";
import { CHAIN_ID } from "../../src/sandbox/chain/chain.ts";

/** Payments as no stock client makes them: several on one balance, one nonce twice. */

export interface Authorized {
  nonce: Hex;
  header: { "PAYMENT-SIGNATURE": string };
  /** What a facilitator takes. */
  settlement: { x402Version: 2; paymentPayload: PaymentPayload; paymentRequirements: PaymentRequirements };
}

/** What a 402 asks for (v2). */
export function termsOf(headers: Headers): PaymentRequirements {
  const [terms] = decodePaymentRequiredHeader(headers.get("payment-required") ?? "").accepts;
  if (terms === undefined) throw new Error("it asks for nothing");
  return terms;
}

/** One EIP-3009 authorization for these terms; with this nonce, if one is given, and good for so many seconds. */
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
    types: {
      TransferWithAuthorization: [
        { name: "from", type: "address" },
        { name: "to", type: "address" },
        { name: "value", type: "uint256" },
        { name: "validAfter", type: "uint256" },
        { name: "validBefore", type: "uint256" },
        { name: "nonce", type: "bytes32" },
      ],
    },
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

/** Has it submitted by the run's facilitator. Returns whether it moved its money. */
export async function submit({ settlement }: Authorized): Promise<boolean> {
  const response = await fetch(`${inject("chain").facilitatorUrl}/settle`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settlement),
  });
  return ((await response.json()) as { success: boolean }).success;
}
