import { randomUUID } from "node:crypto";
import { decodePaymentSignatureHeader } from "@x402/core/http";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import { inSpan } from "../../core/ports/tracing.ts";
import type { SignedTransfer, TransferClient } from "../../core/ports/x402-transfers.ts";
import type { X402Buyer } from "./buyer.ts";

const FACILITATOR_TIMEOUT_MS = 15_000;
const VALID_FOR_SECONDS = 120;

interface Raw {
  header: string;
  requirements: PaymentRequirements;
}

/** The treasury's own transfers: EIP-3009 authorizations like its payments, which any x402 facilitator submits. */
export class X402Transfers implements TransferClient {
  readonly #buyer: X402Buyer;
  readonly #facilitator: HTTPFacilitatorClient;

  constructor(buyer: X402Buyer, facilitatorUrl: string) {
    this.#buyer = buyer;
    this.#facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl, timeoutMs: FACILITATOR_TIMEOUT_MS });
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
    const paymentRequired = { x402Version: 2, resource, accepts: [requirements] };
    const { nonce, validBefore, headers } = await this.#buyer.sign(
      { network, asset, payTo, amountMicros, raw: { paymentRequired, requirement: requirements } },
      randomUUID(),
    );
    const raw: Raw = { header: headers["PAYMENT-SIGNATURE"] ?? "", requirements };
    return { payer, nonce, validBefore, raw: JSON.stringify(raw) };
  }

  async submit(raw: string): Promise<void> {
    const { header, requirements } = JSON.parse(raw) as Raw;
    const payload = decodePaymentSignatureHeader(header);
    await inSpan("facilitator.settle", {}, () =>
      this.#facilitator.settle(payload, requirements).catch(() => undefined),
    );
  }
}
