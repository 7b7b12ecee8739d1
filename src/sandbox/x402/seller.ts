import { createHash } from "node:crypto";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from "@x402/core/schemas";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import type {
  Network,
  PaymentPayload,
  PaymentRequired,
  PaymentRequirements,
  SettleResponse,
} from "@x402/core/types";
import type { PaymentRequirementsV1 } from "@x402/core/types/v1";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import {
  declarePaymentIdentifierExtension,
  extractPaymentIdentifier,
  PAYMENT_IDENTIFIER,
} from "@x402/extensions/payment-identifier";
import type { Request, Response } from "express";
import { z } from "zod";
import { NETWORK_V1 } from "./facilitator.ts";
import type { Sale } from "./used-authorizations.ts";
import { UsedAuthorizations } from "./used-authorizations.ts";

const MAX_TIMEOUT_SECONDS = 120;
const FACILITATOR_TIMEOUT_MS = 15_000;
const EIP712_DOMAIN = { name: "USDC", version: "2" };
const EXTENSIONS = { [PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(false) };

export interface Offer {
  url: string;
  description: string;
  /** Base units of the asset. */
  amount: bigint;
  payTo: string;
  /** What its 402 says of the call: the extension `bazaar`. */
  discovery: Record<string, unknown>;
  /** Whether to accept x402 v1 too: terms in the body of the 402, the payment in `X-PAYMENT`. */
  speaksV1: boolean;
}

export interface SellerOptions {
  facilitatorUrl: string;
  network: Network;
  asset: string;
}

interface Terms {
  v2: PaymentRequired;
  v1: PaymentRequirementsV1;
}

/** A payment that a request carries, in either version. */
interface Payment {
  header: string;
  authorization: z.infer<typeof Authorization>;
  /** The random id with which a buyer can get its answer again. Only in v2. */
  id: string | null;
  settle(): Promise<SettleResponse>;
  receiptHeader: "PAYMENT-RESPONSE" | "X-PAYMENT-RESPONSE";
}

type Outcome =
  { kind: "sold"; sale: Sale } | { kind: "refused"; receipt: SettleResponse } | { kind: "unknown" };

const Authorization = z.object({
  from: z.string(),
  nonce: z.string(),
  validBefore: z.string().regex(/^\d{1,12}$/),
});

/** Sells the answers of HTTP handlers over x402 v2, and over v1 if the offer says so. */
export class Seller {
  readonly #options: SellerOptions;
  readonly #facilitator: HTTPFacilitatorClient;
  readonly #server: x402ResourceServer;
  readonly #claims = new UsedAuthorizations();

  constructor(options: SellerOptions) {
    this.#options = options;
    this.#facilitator = new HTTPFacilitatorClient({
      url: options.facilitatorUrl,
      timeoutMs: FACILITATOR_TIMEOUT_MS,
    });
    this.#server = new x402ResourceServer(this.#facilitator).register(options.network, new ExactEvmScheme());
  }

  /** Answers a request that has neither input nor payment: with the terms, from which a buyer learns how to call. */
  async state(res: Response, offer: Offer): Promise<void> {
    res.set("Cache-Control", "no-store");
    sendTerms(res, await this.#terms(offer), offer, "Payment required");
  }

  /** Asks the facilitator what it supports. Call it once before the first sale. */
  async initialize(): Promise<void> {
    await this.#server.initialize();
  }

  /**
   * Answers a request with valid input: with the terms if it carries no payment, otherwise with what `produce`
   * returns.
   *
   * The output is produced before the payment is settled, so that a buyer doesn't pay for a failure. It is sent
   * after the payment is settled, so that a buyer doesn't get it without paying. The stock middleware isn't
   * used for this, since it serves all parallel requests with one signature although only one of them pays.
   */
  async sell(req: Request, res: Response, offer: Offer, produce: () => unknown): Promise<void> {
    res.set("Cache-Control", "no-store");
    const terms = await this.#terms(offer);
    const payment = this.#readPayment(req, terms, offer);
    if (payment === "none") return sendTerms(res, terms, offer, "Payment required");
    if (payment === "mismatch") return sendTerms(res, terms, offer, "The payment doesn't match the terms");
    if (payment === "malformed") return sendError(res, 400, "The payment header is malformed.");

    const { from, nonce, validBefore } = payment.authorization;
    const key = [this.#options.network, this.#options.asset, from, nonce].join(" ").toLowerCase();
    const claim = this.#claims.claim(key, fingerprintOf(req, payment), Number(validBefore));
    if (claim === "claimed" || claim === "retry") {
      const outcome = await this.#settle(key, payment, produce);
      if (outcome.kind === "sold") return sendSale(res, payment, outcome.sale);
      // Answer 402 only if it is certain that nothing was paid. After a 402 a client signs and pays again.
      if (outcome.kind === "unknown") {
        return sendError(res, 502, "The outcome of the payment is unknown. Retry with the same payment.");
      }
      if (claim === "retry") {
        this.#claims.update(key, { kind: "unknown" });
        return sendError(
          res,
          409,
          "The payment was refused now, but may have been made at the first request.",
        );
      }
      this.#claims.release(key);
      res.set(payment.receiptHeader, encodePaymentResponseHeader(outcome.receipt));
      return sendTerms(res, terms, offer, outcome.receipt.errorReason ?? "The payment failed");
    }
    if (claim === "other request") return sendError(res, 409, "This payment was used for another request.");
    // A settled payment is public on the chain, except for its id. Without the id, the caller may not be the
    // buyer.
    if (claim.kind === "sold" && payment.id !== null) return sendSale(res, payment, claim.sale);
    sendError(res, 409, "This payment was used already, or another request is using it.");
  }

  /** Produces the output, then settles the payment. Records the outcome with the claim. */
  async #settle(key: string, payment: Payment, produce: () => unknown): Promise<Outcome> {
    let output: unknown;
    try {
      output = produce();
    } catch (error) {
      this.#claims.release(key);
      throw error;
    }
    const receipt = await payment.settle().catch(() => undefined);
    if (receipt?.success === true) {
      const sold = { kind: "sold", sale: { receipt, output } } as const;
      this.#claims.update(key, sold);
      return sold;
    }
    if (receipt && receipt.errorReason !== "settlement_pending") return { kind: "refused", receipt };
    this.#claims.update(key, { kind: "unknown" });
    return { kind: "unknown" };
  }

  async #terms({ url, description, amount, payTo, discovery }: Offer): Promise<Terms> {
    const { network, asset } = this.#options;
    const requirements = await this.#server.buildPaymentRequirements({
      scheme: "exact",
      network,
      payTo,
      maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
      price: { asset, amount: amount.toString(), extra: EIP712_DOMAIN },
      extra: { paymentFlow: "upfront" },
    });
    const resource = { url, description, mimeType: "application/json" };
    return {
      v2: await this.#server.createPaymentRequiredResponse(requirements, resource, undefined, {
        ...EXTENSIONS,
        ...discovery,
      }),
      v1: {
        scheme: "exact",
        network: NETWORK_V1 as Network,
        maxAmountRequired: amount.toString(),
        resource: url,
        description,
        mimeType: "application/json",
        outputSchema: {},
        payTo,
        maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
        asset,
        extra: EIP712_DOMAIN,
      },
    };
  }

  #readPayment(req: Request, terms: Terms, offer: Offer): Payment | "none" | "malformed" | "mismatch" {
    const v2 = req.header("payment-signature");
    if (v2 !== undefined) return this.#readV2(v2, terms);
    const v1 = offer.speaksV1 ? req.header("x-payment") : undefined;
    return v1 === undefined ? "none" : this.#readV1(v1, terms.v1);
  }

  #readV2(header: string, { v2 }: Terms): Payment | "malformed" | "mismatch" {
    const payload = PaymentPayloadV2Schema.safeParse(decode(header));
    const authorization = Authorization.safeParse(payload.data?.payload["authorization"]);
    if (!payload.success || !authorization.success) return "malformed";
    const sent = payload.data as PaymentPayload;
    const match: PaymentRequirements | undefined = this.#server.findMatchingRequirements(v2.accepts, sent);
    if (!match || !this.#server.validateExtensions(v2, sent).valid) return "mismatch";
    return {
      header,
      authorization: authorization.data,
      id: extractPaymentIdentifier(sent),
      settle: () =>
        this.#server.settlePayment(sent, match, EXTENSIONS, undefined, undefined, "before-handler"),
      receiptHeader: "PAYMENT-RESPONSE",
    };
  }

  #readV1(header: string, terms: PaymentRequirementsV1): Payment | "malformed" | "mismatch" {
    const payload = PaymentPayloadV1Schema.safeParse(decode(header));
    const authorization = Authorization.safeParse(payload.data?.payload["authorization"]);
    if (!payload.success || !authorization.success) return "malformed";
    if (payload.data.scheme !== terms.scheme || payload.data.network !== terms.network) return "mismatch";
    // The facilitator client sends both versions unchanged. Only its types are those of v2.
    const sent = payload.data as unknown as PaymentPayload;
    const accepted = terms as unknown as PaymentRequirements;
    return {
      header,
      authorization: authorization.data,
      id: null,
      settle: () => this.#facilitator.settle(sent, accepted),
      receiptHeader: "X-PAYMENT-RESPONSE",
    };
  }
}

/** Answers 402 with the terms. */
function sendTerms(res: Response, terms: Terms, { speaksV1 }: Offer, error: string): void {
  res.status(402).set("PAYMENT-REQUIRED", encodePaymentRequiredHeader({ ...terms.v2, error }));
  res.json(speaksV1 ? { x402Version: 1, error, accepts: [terms.v1] } : {});
}

function sendError(res: Response, status: number, error: string): void {
  res.status(status).json({ error });
}

function sendSale(res: Response, { receiptHeader }: Payment, { receipt, output }: Sale): void {
  res.set(receiptHeader, encodePaymentResponseHeader(receipt)).json(output);
}

function fingerprintOf(req: Request, { header }: Payment): string {
  const request = [req.method, req.originalUrl, JSON.stringify(req.body ?? null), header];
  return createHash("sha256").update(request.join("\n")).digest("hex");
}

function decode(header: string): unknown {
  try {
    return decodePaymentSignatureHeader(header);
  } catch {
    return undefined;
  }
}
