import { x402Client, x402HTTPClient } from "@x402/core/client";
import type { Network, PaymentPayload, PaymentRequired } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { declarePaymentIdentifierExtension } from "@x402/extensions/payment-identifier";
import type { Address, Hex, LocalAccount } from "viem";
import { isAddressEqual } from "viem";
import { z } from "zod";
import type { UpstreamAnswer } from "../../core/ports/upstream.ts";
import type {
  Offer,
  OfferRefusal,
  PaymentClient,
  ReadTerms,
  SignedPayment,
} from "../../core/ports/x402-buyer.ts";
import { withoutInvisible } from "../../core/protocol/invisible-text.ts";
import type { Wallet } from "./judge-offer.ts";
import { judgeOffer, readSeconds } from "./judge-offer.ts";
import { networkNameV1 } from "./network-v1.ts";
import type { SentTerms } from "./payment-terms.ts";
import { readDescribedCall } from "./described-call.ts";
import { isRecord, readSentTerms } from "./payment-terms.ts";

/** Our signatures are valid for at most this time, even if the upstream asks for more. */
const MAX_VALIDITY_SECONDS = 300;
/** More of what an upstream sent isn't shown. */
const MAX_SHOWN_CHARACTERS = 100;

export interface BuyerConfig {
  account: LocalAccount;
  /** CAIP-2, `eip155:…`. */
  network: Network;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
}

/** What `Offer.raw` holds: the offer and the terms it is part of, as the upstream sent them. */
interface RawOffer {
  paymentRequired: {
    x402Version: number;
    resource: unknown;
    extensions?: Record<string, unknown> | undefined;
  };
  requirement: Record<string, unknown>;
}

/**
 * Pays x402 tolls (v2 and v1): the scheme `exact` with EIP-3009. The x402 library makes the signature and the
 * header. This class decides which offers can be signed, and for how long a signature is valid.
 */
export class X402Buyer implements PaymentClient {
  readonly network: Network;
  readonly asset: Address;
  readonly payer: Address;
  /** The asset's EIP-712 domain. */
  readonly domain: { name: string; version: string };
  readonly #config: BuyerConfig;
  readonly #wallet: Wallet;

  constructor(config: BuyerConfig) {
    this.#config = config;
    this.network = config.network;
    this.asset = config.asset;
    this.payer = config.account.address;
    this.domain = config.domain;
    this.#wallet = { ...config, networkV1: networkNameV1(config.network) };
  }

  readTerms(answer: UpstreamAnswer): ReadTerms {
    const { terms, unreadable } = readSentTerms(answer);
    const offers = terms.flatMap((sent) =>
      sent.accepts.map((requirement, index) => ({
        index,
        source: sent.source,
        judged: this.#judge(sent, requirement),
      })),
    );
    return { offers, described: readDescribedCall(terms), unreadable };
  }

  #judge(sent: SentTerms, requirement: unknown): Offer | OfferRefusal {
    const { x402Version, resource, extensions } = sent;
    const judged = judgeOffer(requirement, sent, this.#wallet);
    const fields = isRecord(requirement) ? requirement : {};
    if ("field" in judged) {
      const { scheme, network, asset } = fields;
      return {
        field: judged.field,
        found: shown(judged.found),
        expected: judged.expected,
        scheme: shown(scheme),
        network: shown(network),
        asset: shown(asset),
      };
    }
    return {
      network: this.network,
      asset: this.asset,
      payTo: judged.payTo,
      amountMicros: judged.amountMicros,
      isStandard: judged.isStandard,
      timeoutSeconds: judged.timeoutSeconds,
      raw: { paymentRequired: { x402Version, resource, extensions }, requirement: fields } satisfies RawOffer,
    };
  }

  async sign(offer: Offer, paymentId: string): Promise<SignedPayment> {
    const { paymentRequired, requirement } = offer.raw as RawOffer;
    const { resource, extensions } = paymentRequired;
    const client = this.#createClient(offer, paymentId);
    // The library gets the offer in x402 v2's words, whatever the seller's are. The authorization is the same in both.
    const payload = await client.createPaymentPayload({
      x402Version: 2,
      resource: resource as PaymentRequired["resource"],
      accepts: [
        {
          scheme: "exact",
          network: this.network,
          amount: offer.amountMicros.toString(),
          asset: this.asset,
          payTo: offer.payTo,
          maxTimeoutSeconds: validitySeconds(requirement["maxTimeoutSeconds"]),
          extra: { ...this.domain },
        },
      ],
      ...(extensions !== undefined && { extensions }),
    });
    const { authorization } = SignedPayload.parse(payload.payload);
    return {
      network: offer.network,
      asset: offer.asset,
      payTo: offer.payTo,
      amountMicros: offer.amountMicros,
      payer: this.payer,
      ...requireAsOffered(authorization, offer, this.payer),
      headers: client.encodePaymentSignatureHeader(
        inWordsOf(paymentRequired.x402Version, payload, requirement),
      ),
    };
  }

  /** The library's client, limited to exactly this offer. */
  #createClient(offer: Offer, paymentId: string): x402HTTPClient {
    const { network, asset } = this;
    const client = x402Client.fromConfig({
      schemes: [{ network, client: new ExactEvmScheme(this.#config.account) }],
      // A second check, by the library: it signs for our asset only, and for no more than this offer's
      // amount.
      spendControls: {
        maxAmountPerPayment: false,
        allowedAssets: [{ network, asset, maxAmountPerPayment: offer.amountMicros.toString() }],
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

/** How long a signature is valid, in seconds. */
const validitySeconds = (asked: unknown): number =>
  Math.min(readSeconds(asked) ?? MAX_VALIDITY_SECONDS, MAX_VALIDITY_SECONDS);

/**
 * A signed payment in the words of the seller's x402 version. Sellers compare the accepted terms with the offered
 * ones, so v2 returns the offer exactly as they sent it, and v1 its name of the network.
 */
function inWordsOf(
  x402Version: number,
  payload: PaymentPayload,
  requirement: Record<string, unknown>,
): PaymentPayload {
  if (x402Version === 2)
    return { ...payload, accepted: requirement as unknown as PaymentPayload["accepted"] };
  const { scheme, network } = requirement;
  // The library's types know only v2. Its header is the same JSON for both.
  return { x402Version: 1, scheme, network, payload: payload.payload } as unknown as PaymentPayload;
}

/** What an upstream sent in a field, as short text without invisible characters. Undefined if there is nothing. */
function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return withoutInvisible(text.slice(0, MAX_SHOWN_CHARACTERS));
}
