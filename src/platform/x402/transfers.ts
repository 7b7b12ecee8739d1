import { randomUUID } from "node:crypto";
import { decodePaymentSignatureHeader } from "@x402/core/http";
import type { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import type { SignedTransfer, TransferClient } from "../../core/ports/x402-transfers.ts";
import type { X402Buyer } from "./buyer.ts";
import type { FacilitatorAuth } from "./facilitator-auth.ts";
import { createFacilitator, submitPayment } from "./facilitator.ts";

const VALID_FOR_SECONDS = 120;

/** What `SignedTransfer.raw` holds as JSON: all that the facilitator needs to submit the transfer. */
interface RawTransfer {
  header: string;
  requirements: PaymentRequirements;
}

/**
 * Signs the treasury's own transfers as EIP-3009 authorizations, like payments. Any x402 facilitator can
 * submit them.
 */
export class X402Transfers implements TransferClient {
  readonly #buyer: X402Buyer;
  readonly #facilitator: HTTPFacilitatorClient;

  constructor(buyer: X402Buyer, facilitatorUrl: string, facilitatorAuth?: FacilitatorAuth) {
    this.#buyer = buyer;
    this.#facilitator = createFacilitator(facilitatorUrl, facilitatorAuth);
  }

  async signTransfer({
    payTo,
    amountMicros,
  }: {
    payTo: Address;
    amountMicros: bigint;
  }): Promise<SignedTransfer> {
    const { network, asset, domain, payer } = this.#buyer;
    const requirements: PaymentRequirements = {
      scheme: "exact",
      network,
      amount: amountMicros.toString(),
      asset,
      payTo,
      maxTimeoutSeconds: VALID_FOR_SECONDS,
      extra: { ...domain },
    };
    const resource = { url: "tollfree:payout", description: "", mimeType: "" };
    const paymentRequired = { x402Version: 2, resource };
    const { nonce, validBefore, headers } = await this.#buyer.sign(
      {
        ...{ network, asset, payTo, amountMicros, isStandard: true, timeoutSeconds: VALID_FOR_SECONDS },
        raw: { paymentRequired, requirement: requirements },
      },
      randomUUID(),
    );
    const raw: RawTransfer = { header: headers["PAYMENT-SIGNATURE"] ?? "", requirements };
    return { payer, nonce, validBefore, raw: JSON.stringify(raw) };
  }

  async submit(raw: string): Promise<void> {
    const { header, requirements } = JSON.parse(raw) as RawTransfer;
    await submitPayment(this.#facilitator, decodePaymentSignatureHeader(header), requirements);
  }
}
