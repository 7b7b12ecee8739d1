import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from "@x402/core/schemas";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { Network, PaymentPayload, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { getEvmChainIdV1, NETWORKS } from "@x402/evm/v1";
import { declareDiscoveryExtension } from "@x402/extensions/bazaar";
import {
  declarePaymentIdentifierExtension,
  extractPaymentIdentifier,
  PAYMENT_IDENTIFIER,
} from "@x402/extensions/payment-identifier";
import type { Address, Hex } from "viem";
import { isAddressEqual } from "viem";
import { z } from "zod";
import { inSpan } from "../../core/ports/tracing.ts";
import type {
  PaymentDemand,
  PaymentSeller,
  PresentedPayment,
  RequestHeaders,
  SaleListing,
  SaleTerms,
} from "../../core/ports/x402-seller.ts";
import { AppError } from "../../core/protocol/errors.ts";

const MAX_TIMEOUT_SECONDS = 120;
const FACILITATOR_TIMEOUT_MS = 15_000;
/** A payment that could be settled for longer than this is none that we would look after; clocks may differ. */
const MAX_VALIDITY_SECONDS = 3_600;
/** Headers have a limit in every client; a listing that is larger is for `list` alone. */
const MAX_LISTING_CHARACTERS = 3_000;

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
  validAfter: z.string().regex(/^\d{1,12}$/),
  validBefore: z.string().regex(/^\d{1,12}$/),
  nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
});

const Signed = z.looseObject({
  signature: z.string().regex(/^0x[0-9a-fA-F]{2,4000}$/),
  authorization: Authorization,
});

/** A payment in the words of its version, and what was signed. */
interface Raw {
  version: 1 | 2;
  payload: PaymentPayload;
  /** What it says it accepted; v1 says only how and where. */
  accepted: { scheme: string; network: string; asset?: string; amount?: string; payTo?: string };
  to: Address;
  value: bigint;
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
    const extensions = terms.listing && declare(terms.listing, MAX_LISTING_CHARACTERS);
    const required: PaymentRequired = {
      x402Version: 2,
      error,
      resource,
      accepts: [this.#v2(terms)],
      ...(extensions !== undefined && { extensions }),
    };
    return {
      headers: { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required) },
      body: { x402Version: 1, accepts: this.#networkV1 === undefined ? [] : [this.#v1(terms)] },
    };
  }

  list(terms: SaleTerms): SaleListing {
    const { url: resource, description, listing } = terms;
    return {
      resource,
      type: "http",
      x402Version: 2,
      accepts: [this.#v2(terms)],
      description,
      mimeType: "application/json",
      extensions: listing === undefined ? {} : declare(listing, Infinity),
    };
  }

  read(headers: RequestHeaders): PresentedPayment | "none" | "malformed" {
    const [v2, v1] = [headers["payment-signature"], headers["x-payment"]];
    if (typeof v2 === "string") return readV2(v2);
    return typeof v1 === "string" ? readV1(v1) : "none";
  }

  /** What was signed has to be what is asked for, to the unit; the facilitator checks the signature. */
  matches({ raw, validBefore }: PresentedPayment, terms: SaleTerms): boolean {
    const { version, accepted, to, value } = raw as Raw;
    if (validBefore > BigInt(Math.floor(Date.now() / 1000) + MAX_VALIDITY_SECONDS)) return false;
    if (!isAddressEqual(to, this.#config.payTo) || value !== terms.amountMicros) return false;
    if (version === 1) return accepted.scheme === "exact" && accepted.network === this.#networkV1;
    const wanted = this.#v2(terms);
    return (
      accepted.scheme === wanted.scheme &&
      accepted.network === wanted.network &&
      accepted.amount === wanted.amount &&
      accepted.asset?.toLowerCase() === wanted.asset.toLowerCase() &&
      accepted.payTo?.toLowerCase() === wanted.payTo.toLowerCase()
    );
  }

  async verify({ raw }: PresentedPayment, terms: SaleTerms): Promise<{ reason: string } | undefined> {
    const { version, payload } = raw as Raw;
    const answer = await inSpan("facilitator.verify", {}, () =>
      this.#facilitator.verify(payload, this.#requirements(version, terms)).catch((cause: unknown) => {
        throw new AppError("service_unavailable", {
          message: "The payment can't be checked at the moment. Send the same one again.",
          retryAfterSeconds: 5,
          cause,
        });
      }),
    );
    return answer.isValid ? undefined : { reason: answer.invalidReason ?? "invalid" };
  }

  async settle({ raw }: PresentedPayment, terms: SaleTerms): Promise<void> {
    const { version, payload } = raw as Raw;
    await inSpan("facilitator.settle", {}, () =>
      this.#facilitator.settle(payload, this.#requirements(version, terms)).catch(() => undefined),
    );
  }

  receipt({ payer, raw }: PresentedPayment, txHash: Hex): Record<string, string> {
    const v1 = (raw as Raw).version === 1;
    const network = v1 ? (this.#networkV1 as Network) : this.#config.network;
    const receipt = encodePaymentResponseHeader({ success: true, transaction: txHash, network, payer });
    return { [v1 ? "X-PAYMENT-RESPONSE" : "PAYMENT-RESPONSE"]: receipt };
  }

  /** Settled by our own terms, whatever else the payload's say. The client sends either version as it is; only its types are v2's. */
  #requirements(version: 1 | 2, terms: SaleTerms): PaymentRequirements {
    return version === 2 ? this.#v2(terms) : (this.#v1(terms) as unknown as PaymentRequirements);
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
}

/** What we declare beside the terms: that a payment may carry an id, and what marketplaces show. */
function declare(
  { inputSchema, sampleInput }: NonNullable<SaleTerms["listing"]>,
  maxCharacters: number,
): Record<string, unknown> {
  const identifier = { [PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(false) };
  if (JSON.stringify([inputSchema, sampleInput]).length > maxCharacters) return identifier;
  const { bazaar } = declareDiscoveryExtension({
    bodyType: "json",
    input: { input: sampleInput },
    inputSchema: { type: "object", properties: { input: inputSchema } },
  });
  return {
    ...identifier,
    // The method is the middleware's to add, and there is none here.
    bazaar: { ...bazaar, info: { ...bazaar?.info, input: { ...bazaar?.info.input, method: "POST" } } },
  };
}

function readV2(header: string): PresentedPayment | "malformed" {
  const sent = PaymentPayloadV2Schema.safeParse(decode(header));
  if (!sent.success) return "malformed";
  const { accepted, payload } = sent.data;
  return present(payload, { version: 2, payload: sent.data as PaymentPayload, accepted });
}

function readV1(header: string): PresentedPayment | "malformed" {
  const sent = PaymentPayloadV1Schema.safeParse(decode(header));
  if (!sent.success) return "malformed";
  const { scheme, network, payload } = sent.data;
  const accepted = { scheme, network };
  return present(payload, {
    version: 1,
    payload: sent.data as unknown as PaymentPayload,
    accepted,
  });
}

function present(payload: unknown, raw: Omit<Raw, "to" | "value">): PresentedPayment | "malformed" {
  const signed = Signed.safeParse(payload);
  if (!signed.success) return "malformed";
  const { from, to, value, validBefore, nonce } = signed.data.authorization;
  return {
    payer: from.toLowerCase() as Address,
    nonce: nonce.toLowerCase() as Hex,
    validBefore: BigInt(validBefore),
    retryId: raw.version === 2 ? (extractPaymentIdentifier(raw.payload) ?? undefined) : undefined,
    raw: { ...raw, to: to as Address, value: BigInt(value) } satisfies Raw,
  };
}

function decode(header: string): unknown {
  try {
    return decodePaymentSignatureHeader(header);
  } catch {
    return undefined;
  }
}
