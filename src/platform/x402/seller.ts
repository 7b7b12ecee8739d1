import { encodePaymentRequiredHeader, encodePaymentResponseHeader } from "@x402/core/http";
import type { HTTPFacilitatorClient } from "@x402/core/server";
import type { Network, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { VerifyError } from "@x402/core/types";
import { declareDiscoveryExtension, isValidServiceName, sanitizeTags } from "@x402/extensions/bazaar";
import { declarePaymentIdentifierExtension, PAYMENT_IDENTIFIER } from "@x402/extensions/payment-identifier";
import type { Address, Hex } from "viem";
import { isAddressEqual } from "viem";
import { inSpan } from "../../core/ports/tracing.ts";
import type {
  Listing,
  PaymentDemand,
  PaymentSeller,
  PresentedPayment,
  RequestHeaders,
  SaleListing,
  SaleTerms,
} from "../../core/ports/x402-seller.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { objectSchema } from "../../core/protocol/object-schema.ts";
import { checkFacilitator } from "./check-facilitator.ts";
import { createFacilitator, submitPayment } from "./facilitator.ts";
import type { FacilitatorAuth } from "./facilitator-auth.ts";
import { networkNameV1 } from "./network-v1.ts";
import type { RawPayment } from "./payment-header.ts";
import { findSignatureProblem, readPaymentHeader } from "./payment-header.ts";

const MAX_TIMEOUT_SECONDS = 120;
/**
 * We refuse a payment that stays valid for longer, because we would have to watch the chain for it all that
 * time. The limit is far above `MAX_TIMEOUT_SECONDS`, because the caller's clock may differ from ours.
 */
const MAX_VALIDITY_SECONDS = 3_600;
/**
 * Clients limit the size of headers. A longer listing is left out of the 402's header; only `list` shows it.
 */
const MAX_LISTING_CHARACTERS = 3_000;

export interface SellerConfig {
  facilitatorUrl: string;
  /** Our credentials for the facilitator. Default: none. */
  facilitatorAuth?: FacilitatorAuth | undefined;
  /** CAIP-2. */
  network: Network;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
  /** The payee: the treasury. */
  payTo: Address;
}

/**
 * The seller's side of x402 (v2 and v1): the scheme `exact` with EIP-3009. The x402 library does the wire
 * format. This class keeps no state: the core records which payments were claimed, settled or expired.
 */
export class X402Seller implements PaymentSeller {
  readonly payTo: Address;
  readonly #config: SellerConfig;
  readonly #facilitator: HTTPFacilitatorClient;
  readonly #networkV1: string | undefined;

  constructor(config: SellerConfig) {
    this.#config = config;
    this.payTo = config.payTo;
    this.#facilitator = createFacilitator(config.facilitatorUrl, config.facilitatorAuth);
    this.#networkV1 = networkNameV1(config.network);
  }

  demand(terms: SaleTerms, error: string): PaymentDemand {
    const resource = {
      url: terms.url,
      description: terms.description,
      mimeType: "application/json",
      ...metadataOf(terms.listing),
    };
    const extensions = terms.listing && declareExtensions(terms.listing, MAX_LISTING_CHARACTERS);
    const required: PaymentRequired = {
      x402Version: 2,
      error,
      resource,
      accepts: [this.#requirementsV2(terms)],
      ...(extensions !== undefined && { extensions }),
    };
    return {
      headers: { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required) },
      body: { x402Version: 1, accepts: this.#networkV1 === undefined ? [] : [this.#requirementsV1(terms)] },
    };
  }

  list(terms: SaleTerms): SaleListing {
    const { url: resource, description, listing } = terms;
    return {
      resource,
      type: "http",
      x402Version: 2,
      accepts: [this.#requirementsV2(terms)],
      description,
      mimeType: "application/json",
      ...metadataOf(listing),
      extensions: listing === undefined ? {} : declareExtensions(listing, Infinity),
    };
  }

  read(headers: RequestHeaders): PresentedPayment | "none" | "malformed" {
    return readPaymentHeader(headers);
  }

  /** Whether payee and amount were signed exactly as asked. The facilitator checks the signature later. */
  matches({ raw, validBefore }: PresentedPayment, terms: SaleTerms): boolean {
    const { version, accepted, to, value } = raw as RawPayment;
    if (validBefore > BigInt(Math.floor(Date.now() / 1000) + MAX_VALIDITY_SECONDS)) return false;
    if (!isAddressEqual(to, this.#config.payTo) || value !== terms.amountMicros) return false;
    if (version === 1) return accepted.scheme === "exact" && accepted.network === this.#networkV1;
    const wanted = this.#requirementsV2(terms);
    return (
      accepted.scheme === wanted.scheme &&
      accepted.network === wanted.network &&
      accepted.amount === wanted.amount &&
      accepted.asset?.toLowerCase() === wanted.asset.toLowerCase() &&
      accepted.payTo?.toLowerCase() === wanted.payTo.toLowerCase()
    );
  }

  async checkFacilitator(): Promise<void> {
    await checkFacilitator(this.#config);
  }

  async verify({ raw }: PresentedPayment, terms: SaleTerms): Promise<{ reason: string } | undefined> {
    const { version, payload } = raw as RawPayment;
    const malformed = findSignatureProblem(payload);
    if (malformed !== undefined) return { reason: malformed };
    const answer = await inSpan("facilitator.verify", {}, () =>
      this.#facilitator.verify(payload, this.#requirements(version, terms)).catch((cause: unknown) => {
        // Some facilitators refuse a payment with a status of 4xx, as the answer to it.
        if (cause instanceof VerifyError && cause.statusCode < 500)
          return { isValid: false, invalidReason: cause.invalidReason };
        throw new AppError("service_unavailable", {
          message: "The payment can't be checked at the moment. Send the same payment again.",
          retryAfterSeconds: 5,
          cause,
        });
      }),
    );
    return answer.isValid ? undefined : { reason: answer.invalidReason ?? "invalid" };
  }

  async settle({ raw }: PresentedPayment, terms: SaleTerms): Promise<void> {
    const { version, payload } = raw as RawPayment;
    await submitPayment(this.#facilitator, payload, this.#requirements(version, terms));
  }

  receipt({ payer, raw }: PresentedPayment, txHash: Hex): Record<string, string> {
    const isV1 = (raw as RawPayment).version === 1;
    const network = isV1 ? (this.#networkV1 as Network) : this.#config.network;
    const receipt = encodePaymentResponseHeader({ success: true, transaction: txHash, network, payer });
    return { [isV1 ? "X-PAYMENT-RESPONSE" : "PAYMENT-RESPONSE"]: receipt };
  }

  /**
   * Our own terms, in the format of the payment's version. They decide, and not the terms in the payload. The
   * facilitator client sends both versions unchanged, but its types know only v2.
   */
  #requirements(version: 1 | 2, terms: SaleTerms): PaymentRequirements {
    return version === 2
      ? this.#requirementsV2(terms)
      : (this.#requirementsV1(terms) as unknown as PaymentRequirements);
  }

  #requirementsV2({ amountMicros }: SaleTerms): PaymentRequirements {
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

  #requirementsV1({ amountMicros, url, description }: SaleTerms) {
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

/** Marketplaces drop names and tags that are long or not ASCII, and all tags after the fifth. */
const MAX_SERVICE_NAME = 32;

/** The service's name, tags and icon, as far as marketplaces take them. */
function metadataOf(listing: Listing | undefined): Pick<SaleListing, "serviceName" | "tags" | "iconUrl"> {
  if (listing === undefined) return {};
  const { name, key, iconUrl } = listing;
  const tags = sanitizeTags(listing.tags);
  return {
    serviceName: isValidServiceName(name) ? name : key.slice(0, MAX_SERVICE_NAME),
    ...(tags !== undefined && { tags }),
    iconUrl,
  };
}

/**
 * The extensions next to our terms: that a payment may carry an id, and the listing for marketplaces. The
 * listing is left out if it is longer than `maxCharacters`.
 */
function declareExtensions(
  { inputSchema, sampleInput }: Listing,
  maxCharacters: number,
): Record<string, unknown> {
  const identifier = { [PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(false) };
  if (JSON.stringify([inputSchema, sampleInput]).length > maxCharacters) return identifier;
  const { bazaar } = declareDiscoveryExtension({
    bodyType: "json",
    input: { input: sampleInput },
    inputSchema: objectSchema({}, { field: "input", schema: inputSchema }),
  });
  return {
    ...identifier,
    // The library's middleware would add the method. We don't use the middleware, so we add the method here.
    bazaar: { ...bazaar, info: { ...bazaar?.info, input: { ...bazaar?.info.input, method: "POST" } } },
  };
}
