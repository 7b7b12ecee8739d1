import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from "@x402/core/schemas";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { Network, PaymentPayload, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { NETWORKS, getEvmChainIdV1 } from "@x402/evm/v1";
import type { Address, Hex } from "viem";
import { isAddressEqual } from "viem";
import { z } from "zod";
import type {
  PaymentDemand,
  PaymentSeller,
  PresentedPayment,
  SaleTerms,
  Settlement,
} from "../core/funding/ports.ts";
import { inSpan } from "../core/span.ts";

const MAX_TIMEOUT_SECONDS = 120;
const FACILITATOR_TIMEOUT_MS = 15_000;

export interface SellerConfig {
  facilitatorUrl: string;
  /** CAIP-2. */
  network: Network;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
  /** Who is paid: the treasury. */
  payTo: Address;
}

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const Authorization = z.looseObject({
  from: address,
  to: address,
  value: z.string().regex(/^\d{1,18}$/),
  validBefore: z.string().regex(/^\d{1,12}$/),
  nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
});

/** What the facilitator is sent, and which header tells its receipt. */
interface Raw {
  payload: PaymentPayload;
  requirements: PaymentRequirements;
  receiptHeader: "PAYMENT-RESPONSE" | "X-PAYMENT-RESPONSE";
}

/**
 * Sells for x402: exact scheme over EIP-3009. The wire is the x402 library's. What was claimed, settled or expired is
 * for the core to know; nothing is kept here.
 */
export class X402Seller implements PaymentSeller {
  readonly payTo: Address;
  readonly #config: SellerConfig;
  readonly #facilitator: HTTPFacilitatorClient;
  /** v1's name of the network, where it has one. */
  readonly #networkV1: string | undefined;

  constructor(config: SellerConfig) {
    this.#config = config;
    this.payTo = config.payTo;
    this.#facilitator = new HTTPFacilitatorClient({
      url: config.facilitatorUrl,
      timeoutMs: FACILITATOR_TIMEOUT_MS,
    });
    this.#networkV1 = NETWORKS.find((name) => `eip155:${getEvmChainIdV1(name)}` === config.network);
  }

  demand(terms: SaleTerms, error: string): PaymentDemand {
    const resource = { url: terms.url, description: terms.description, mimeType: "application/json" };
    const required: PaymentRequired = { x402Version: 2, error, resource, accepts: [this.#v2(terms)] };
    return {
      headers: { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required) },
      body: { x402Version: 1, accepts: this.#networkV1 === undefined ? [] : [this.#v1(terms)] },
    };
  }

  read(
    headers: Readonly<Record<string, string | string[] | undefined>>,
    terms: SaleTerms,
  ): PresentedPayment | "none" | "malformed" | "mismatch" {
    const [v2, v1] = [headers["payment-signature"], headers["x-payment"]];
    if (typeof v2 === "string") return this.#readV2(v2, terms);
    return typeof v1 === "string" ? this.#readV1(v1, terms) : "none";
  }

  async verify({ raw }: PresentedPayment): Promise<{ reason: string } | undefined> {
    const { payload, requirements } = raw as Raw;
    const answer = await inSpan("facilitator.verify", {}, () =>
      this.#facilitator.verify(payload, requirements),
    );
    return answer.isValid ? undefined : { reason: answer.invalidReason ?? "invalid" };
  }

  async settle({ raw }: PresentedPayment): Promise<Settlement> {
    const { payload, requirements, receiptHeader } = raw as Raw;
    const receipt = await inSpan("facilitator.settle", {}, () =>
      this.#facilitator.settle(payload, requirements).catch(() => undefined),
    );
    if (receipt === undefined || receipt.errorReason === "settlement_pending") return { kind: "unknown" };
    return receipt.success
      ? { kind: "accepted", headers: { [receiptHeader]: encodePaymentResponseHeader(receipt) } }
      : { kind: "refused", reason: receipt.errorReason ?? "not settled" };
  }

  #v2({ amountMicros }: SaleTerms): PaymentRequirements {
    const { network, asset, payTo, domain } = this.#config;
    return {
      scheme: "exact",
      network,
      amount: amountMicros.toString(),
      asset,
      payTo,
      maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
      extra: { ...domain },
    };
  }

  #v1({ amountMicros, url, description }: SaleTerms) {
    const { asset, payTo, domain } = this.#config;
    return {
      scheme: "exact" as const,
      network: this.#networkV1 ?? "",
      maxAmountRequired: amountMicros.toString(),
      resource: url,
      description,
      mimeType: "application/json",
      outputSchema: {},
      payTo,
      maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
      asset,
      extra: { ...domain },
    };
  }

  #readV2(header: string, terms: SaleTerms): PresentedPayment | "malformed" | "mismatch" {
    const sent = PaymentPayloadV2Schema.safeParse(decode(header));
    if (!sent.success) return "malformed";
    const wanted = this.#v2(terms);
    const { accepted } = sent.data;
    const same =
      accepted.scheme === wanted.scheme &&
      accepted.network === wanted.network &&
      accepted.amount === wanted.amount &&
      accepted.asset.toLowerCase() === wanted.asset.toLowerCase() &&
      accepted.payTo.toLowerCase() === wanted.payTo.toLowerCase();
    if (!same) return "mismatch";
    // Settled by our own terms, whatever else the payload's say.
    const raw: Raw = {
      payload: sent.data as PaymentPayload,
      requirements: wanted,
      receiptHeader: "PAYMENT-RESPONSE",
    };
    return this.#present(sent.data.payload["authorization"], terms, raw);
  }

  #readV1(header: string, terms: SaleTerms): PresentedPayment | "malformed" | "mismatch" {
    const sent = PaymentPayloadV1Schema.safeParse(decode(header));
    if (!sent.success) return "malformed";
    const wanted = this.#v1(terms);
    if (sent.data.scheme !== wanted.scheme || sent.data.network !== wanted.network) return "mismatch";
    const raw: Raw = {
      // The client sends either version as it is; only its types are v2's.
      payload: sent.data as unknown as PaymentPayload,
      requirements: wanted as unknown as PaymentRequirements,
      receiptHeader: "X-PAYMENT-RESPONSE",
    };
    return this.#present(sent.data.payload["authorization"], terms, raw);
  }

  /** What was signed has to be what is asked for, to the unit; the facilitator checks the signature. */
  #present(signed: unknown, terms: SaleTerms, raw: Raw): PresentedPayment | "malformed" | "mismatch" {
    const authorization = Authorization.safeParse(signed);
    if (!authorization.success) return "malformed";
    const { from, to, value, validBefore, nonce } = authorization.data;
    if (!isAddressEqual(to as Address, this.#config.payTo) || BigInt(value) !== terms.amountMicros)
      return "mismatch";
    return {
      payer: from.toLowerCase() as Address,
      nonce: nonce.toLowerCase() as Hex,
      validBefore: BigInt(validBefore),
      raw,
    };
  }
}

function decode(header: string): unknown {
  try {
    return decodePaymentSignatureHeader(header);
  } catch {
    return undefined;
  }
}
