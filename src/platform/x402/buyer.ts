import { x402Client, x402HTTPClient } from "@x402/core/client";
import { PaymentRequiredSchema } from "@x402/core/schemas";
import type { Network, PaymentRequired } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { ExactEvmSchemeV1 } from "@x402/evm/v1";
import { declarePaymentIdentifierExtension } from "@x402/extensions/payment-identifier";
import type { Address, Hex, LocalAccount } from "viem";
import { getAddress, isAddress, isAddressEqual } from "viem";
import { z } from "zod";
import type { UpstreamAnswer } from "../../core/ports/upstream.ts";
import type { Offer, PaymentClient, SignedPayment } from "../../core/ports/x402-buyer.ts";
import { networkNameV1 } from "./network-v1.ts";

/** Our signatures are valid for at most this time, even if the upstream asks for more. */
const MAX_VALIDITY_SECONDS = 300;

export interface BuyerConfig {
  account: LocalAccount;
  /** CAIP-2, `eip155:…`. */
  network: Network;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
}

/** The fields that an offer must have before we sign it. They are the same in x402 v1 and v2. */
const Requirement = z.looseObject({
  scheme: z.literal("exact"),
  network: z.string(),
  asset: z.string().refine((text) => isAddress(text, { strict: false })),
  payTo: z.string().refine((text) => isAddress(text, { strict: false })),
  maxTimeoutSeconds: z.number().int().positive(),
  extra: z.looseObject({
    name: z.string(),
    version: z.string(),
    assetTransferMethod: z.literal("eip3009").optional(),
    paymentFlow: z.string().optional(),
  }),
});
/** Micros, up to 10^18. More isn't a realistic price, and wouldn't fit the ledger's columns. */
const Amount = z.string().regex(/^[1-9][0-9]{0,17}$/);

/** What `Offer.raw` holds: the offer and the whole 402 it is part of, as the upstream sent them. */
interface RawOffer {
  paymentRequired: PaymentRequired;
  requirement: Record<string, unknown>;
}

/**
 * Pays x402 tolls (v2 and v1): the scheme `exact` with EIP-3009. The x402 library does the wire format and
 * the signature. This class decides which offers can be signed, and for how long a signature is valid.
 */
export class X402Buyer implements PaymentClient {
  readonly network: Network;
  readonly asset: Address;
  readonly payer: Address;
  /** The asset's EIP-712 domain. */
  readonly domain: { name: string; version: string };
  readonly #config: BuyerConfig;
  readonly #networkV1: string | undefined;

  constructor(config: BuyerConfig) {
    this.#config = config;
    this.network = config.network;
    this.asset = config.asset;
    this.payer = config.account.address;
    this.domain = config.domain;
    this.#networkV1 = networkNameV1(config.network);
  }

  readOffers(answer: UpstreamAnswer): { offers: Offer[]; others: number } {
    const paymentRequired = readPaymentRequired(answer);
    if (paymentRequired === undefined) return { offers: [], others: 0 };
    const accepts = paymentRequired.accepts as unknown as Record<string, unknown>[];
    const offers = accepts.flatMap((requirement) => this.#readOffer(paymentRequired, requirement) ?? []);
    return { offers, others: accepts.length - offers.length };
  }

  /** Returns undefined for an offer that we can't sign. */
  #readOffer(paymentRequired: PaymentRequired, requirement: Record<string, unknown>): Offer | undefined {
    const isV1 = paymentRequired.x402Version === 1;
    const parsed = Requirement.safeParse(requirement);
    const amount = Amount.safeParse(requirement[isV1 ? "maxAmountRequired" : "amount"]);
    if (!parsed.success || !amount.success) return undefined;
    const { network, asset, payTo, extra } = parsed.data;
    const { domain } = this.#config;
    const canSign =
      network === (isV1 ? this.#networkV1 : this.network) &&
      isAddressEqual(asset, this.asset) &&
      extra.name === domain.name &&
      extra.version === domain.version &&
      // An escrowed payment is not settled by the one transfer that the reconciler looks for.
      extra.paymentFlow !== "escrow";
    if (!canSign) return undefined;
    return {
      network: this.network,
      asset: this.asset,
      payTo: getAddress(payTo),
      amountMicros: BigInt(amount.data),
      raw: { paymentRequired, requirement } satisfies RawOffer,
    };
  }

  async sign(offer: Offer, paymentId: string): Promise<SignedPayment> {
    const { paymentRequired, requirement } = offer.raw as RawOffer;
    const client = this.#createClient(offer, paymentId);
    const clamped = {
      ...requirement,
      maxTimeoutSeconds: Math.min(Number(requirement["maxTimeoutSeconds"]), MAX_VALIDITY_SECONDS),
    };
    const payload = await client.createPaymentPayload({
      ...paymentRequired,
      accepts: [clamped],
    } as unknown as PaymentRequired);
    // Sellers compare the accepted terms with the offered ones, so we return the offer exactly as they sent
    // it.
    const payloadToSend =
      "accepted" in payload
        ? { ...payload, accepted: requirement as unknown as typeof payload.accepted }
        : payload;
    const { authorization } = SignedPayload.parse(payload.payload);
    return {
      network: offer.network,
      asset: offer.asset,
      payTo: offer.payTo,
      amountMicros: offer.amountMicros,
      payer: this.payer,
      ...requireAsOffered(authorization, offer, this.payer),
      headers: client.encodePaymentSignatureHeader(payloadToSend),
    };
  }

  /** The library's client, limited to exactly this offer. */
  #createClient(offer: Offer, paymentId: string): x402HTTPClient {
    const { account } = this.#config;
    const cap = { asset: this.asset, maxAmountPerPayment: offer.amountMicros.toString() };
    const v1 = this.#networkV1 as Network | undefined;
    const client = x402Client.fromConfig({
      schemes: [
        { network: this.network, client: new ExactEvmScheme(account) },
        ...(v1 === undefined ? [] : [{ network: v1, client: new ExactEvmSchemeV1(account), x402Version: 1 }]),
      ],
      // A second check, by the library: it signs for our asset only, and for no more than this offer's
      // amount.
      spendControls: {
        maxAmountPerPayment: false,
        allowedAssets: [
          { network: this.network, ...cap },
          ...(v1 === undefined ? [] : [{ network: v1, ...cap }]),
        ],
      },
    });
    client.registerExtension({
      key: "payment-identifier",
      // Sellers that deduplicate recognise a resend by this id. The id never appears on chain.
      enrichPaymentPayload: (payload, required) =>
        Promise.resolve(
          required.extensions?.["payment-identifier"] === undefined
            ? payload
            : {
                ...payload,
                extensions: {
                  ...payload.extensions,
                  "payment-identifier": {
                    ...declarePaymentIdentifierExtension(false),
                    info: { required: false, id: `tf_${paymentId}` },
                  },
                },
              },
        ),
    });
    return new x402HTTPClient(client);
  }

  readClaimedTransaction(answer: UpstreamAnswer): Hex | undefined {
    try {
      const { transaction } = new x402HTTPClient(new x402Client()).getPaymentSettleResponse(
        (name) => answer.headers[name.toLowerCase()],
      );
      return /^0x[0-9a-fA-F]{64}$/.test(transaction) ? (transaction as Hex) : undefined;
    } catch {
      return undefined;
    }
  }
}

const SignedPayload = z.looseObject({
  authorization: z.object({
    from: z.string(),
    to: z.string(),
    value: z.string(),
    validBefore: z.string(),
    nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  }),
});

/**
 * Checks what the library signed against the offer. A different authorization must never leave the process.
 * @throws Error if payer, payee or amount differ
 */
function requireAsOffered(
  signed: z.infer<typeof SignedPayload>["authorization"],
  offer: Offer,
  payer: Address,
): { nonce: Hex; validBefore: bigint } {
  const isAsOffered =
    isAddressEqual(signed.from as Address, payer) &&
    isAddressEqual(signed.to as Address, offer.payTo) &&
    BigInt(signed.value) === offer.amountMicros;
  if (!isAsOffered) throw new Error("the signed authorization differs from the offer");
  return { nonce: signed.nonce as Hex, validBefore: BigInt(signed.validBefore) };
}

/** The payment terms of a 402 response; undefined if there are none or they are malformed. */
function readPaymentRequired(answer: UpstreamAnswer): PaymentRequired | undefined {
  try {
    let body: unknown;
    try {
      body = JSON.parse(answer.body.toString("utf8"));
    } catch {
      // The body needn't be JSON: x402 v2 puts its terms in a header.
    }
    const raw = new x402HTTPClient(new x402Client()).getPaymentRequiredResponse(
      (name) => answer.headers[name.toLowerCase()],
      body,
    );
    // Only validated. The parser's result is not used, because the parser drops unknown fields.
    PaymentRequiredSchema.parse(raw);
    return raw;
  } catch {
    return undefined;
  }
}
