import { x402Client, x402HTTPClient } from "@x402/core/client";
import { PaymentRequiredSchema } from "@x402/core/schemas";
import type { Network, PaymentRequired } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { ExactEvmSchemeV1, getEvmChainIdV1, NETWORKS } from "@x402/evm/v1";
import { declarePaymentIdentifierExtension } from "@x402/extensions/payment-identifier";
import type { Address, Hex, LocalAccount } from "viem";
import { getAddress, isAddress, isAddressEqual } from "viem";
import { z } from "zod";
import type { UpstreamAnswer } from "../../core/ports/upstream.ts";
import type { Offer, PaymentClient, SignedPayment } from "../../core/ports/x402-buyer.ts";

/** A signature outlives its call by no more than this, whatever the upstream asks for. */
const MAX_VALIDITY_SECONDS = 300;

export interface BuyerConfig {
  account: LocalAccount;
  /** CAIP-2, `eip155:…`. */
  network: Network;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
}

/** What we need to see of an offer, in either version's words, before we would sign it. */
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
/** Up to a million million dollars: more isn't a price, and wouldn't fit the books. */
const Amount = z.string().regex(/^[1-9][0-9]{0,17}$/);

/** An offer with the 402 it stands in: what signing needs, kept as the upstream sent it. */
interface RawOffer {
  paymentRequired: PaymentRequired;
  requirement: Record<string, unknown>;
}

/**
 * Pays x402 tolls (v2 and v1) with the exact scheme over EIP-3009. The wire and the signature are the x402
 * library's; which offer is signed, and for how long, is decided here.
 */
export class X402Buyer implements PaymentClient {
  readonly network: Network;
  readonly asset: Address;
  readonly payer: Address;
  /** The asset's EIP-712 domain. */
  readonly domain: { name: string; version: string };
  readonly #config: BuyerConfig;
  /** v1's name of the network, where it has one. */
  readonly #networkV1: string | undefined;

  constructor(config: BuyerConfig) {
    this.#config = config;
    this.network = config.network;
    this.asset = config.asset;
    this.payer = config.account.address;
    this.domain = config.domain;
    const chainId = Number(config.network.split(":")[1]);
    this.#networkV1 = NETWORKS.find((name) => getEvmChainIdV1(name) === chainId);
  }

  readOffers(answer: UpstreamAnswer): { offers: Offer[]; others: number } {
    const paymentRequired = readPaymentRequired(answer);
    if (paymentRequired === undefined) return { offers: [], others: 0 };
    const accepts = paymentRequired.accepts as unknown as Record<string, unknown>[];
    const offers = accepts.flatMap((requirement) => this.#readOffer(paymentRequired, requirement) ?? []);
    return { offers, others: accepts.length - offers.length };
  }

  #readOffer(paymentRequired: PaymentRequired, requirement: Record<string, unknown>): Offer | undefined {
    const isV1 = paymentRequired.x402Version === 1;
    const parsed = Requirement.safeParse(requirement);
    const amount = Amount.safeParse(requirement[isV1 ? "maxAmountRequired" : "amount"]);
    if (!parsed.success || !amount.success) return undefined;
    const { network, asset, payTo, extra } = parsed.data;
    const { domain } = this.#config;
    const usable =
      network === (isV1 ? this.#networkV1 : this.network) &&
      isAddressEqual(asset, this.asset) &&
      extra.name === domain.name &&
      extra.version === domain.version &&
      // An escrowed payment isn't settled by the transfer we would look for.
      extra.paymentFlow !== "escrow";
    if (!usable) return undefined;
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
    const client = this.#client(offer, paymentId);
    const clamped = {
      ...requirement,
      maxTimeoutSeconds: Math.min(Number(requirement["maxTimeoutSeconds"]), MAX_VALIDITY_SECONDS),
    };
    const payload = await client.createPaymentPayload({
      ...paymentRequired,
      accepts: [clamped],
    } as unknown as PaymentRequired);
    // Sellers compare what we accepted with what they offered, so it goes back in their own words.
    const echoed =
      "accepted" in payload
        ? { ...payload, accepted: requirement as unknown as typeof payload.accepted }
        : payload;
    const authorization = Authorization.parse(payload.payload);
    return {
      network: offer.network,
      asset: offer.asset,
      payTo: offer.payTo,
      amountMicros: offer.amountMicros,
      payer: this.payer,
      ...requireSame(authorization.authorization, offer, this.payer),
      headers: client.encodePaymentSignatureHeader(echoed),
    };
  }

  #client(offer: Offer, paymentId: string): x402HTTPClient {
    const { account } = this.#config;
    const cap = { asset: this.asset, maxAmountPerPayment: offer.amountMicros.toString() };
    const v1 = this.#networkV1 as Network | undefined;
    const client = x402Client.fromConfig({
      schemes: [
        { network: this.network, client: new ExactEvmScheme(account) },
        ...(v1 === undefined ? [] : [{ network: v1, client: new ExactEvmSchemeV1(account), x402Version: 1 }]),
      ],
      // The library's own ceiling, besides ours: exactly this offer.
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
      // Sellers that deduplicate know a resend by this id, which never shows on chain.
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

const Authorization = z.looseObject({
  authorization: z.object({
    from: z.string(),
    to: z.string(),
    value: z.string(),
    validBefore: z.string(),
    nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  }),
});

/** What was signed is what was offered; anything else must not leave the process. */
function requireSame(
  signed: z.infer<typeof Authorization>["authorization"],
  offer: Offer,
  payer: Address,
): { nonce: Hex; validBefore: bigint } {
  const same =
    isAddressEqual(signed.from as Address, payer) &&
    isAddressEqual(signed.to as Address, offer.payTo) &&
    BigInt(signed.value) === offer.amountMicros;
  if (!same) throw new Error("the signed authorization differs from the offer");
  return { nonce: signed.nonce as Hex, validBefore: BigInt(signed.validBefore) };
}

function readPaymentRequired(answer: UpstreamAnswer): PaymentRequired | undefined {
  try {
    let body: unknown;
    try {
      body = JSON.parse(answer.body.toString("utf8"));
    } catch {
      // v2 terms stand in a header; the body says nothing then.
    }
    const raw = new x402HTTPClient(new x402Client()).getPaymentRequiredResponse(
      (name) => answer.headers[name.toLowerCase()],
      body,
    );
    // Parsed to be sure of its form, returned raw: the parser drops what it doesn't know.
    PaymentRequiredSchema.parse(raw);
    return raw;
  } catch {
    return undefined;
  }
}
