import type { Hex } from "viem";
import type { Deps } from "../../context.ts";
import type { Network } from "../../ports/network.ts";
import type { PaymentSeller, PresentedPayment, RequestHeaders, SaleTerms } from "../../ports/x402-seller.ts";
import { AppError } from "../../protocol/errors.ts";
import { pollChain } from "../settlement/index.ts";
import { reconcileIncoming } from "./reconcile-incoming.ts";
import type { IncomingRow, SignedAuthorization } from "./store.ts";
import { findClaim } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "log" | "settings">;

/**
 * Reads the payment from a request's headers. Returns undefined without one.
 * @throws `validation_error` if malformed
 */
export function readPayment({ seller }: Network, headers: RequestHeaders): PresentedPayment | undefined {
  const payment = seller.read(headers);
  if (payment === "malformed")
    throw new AppError("validation_error", { message: "The payment header is malformed." });
  return payment === "none" ? undefined : payment;
}

/** Finds the claim of an earlier request with the same signature. */
export const findEarlierClaim = (
  { db }: Pick<Context, "db">,
  { id: network, asset }: Network,
  { payer, nonce }: PresentedPayment,
): Promise<IncomingRow | undefined> => findClaim(db, { network, asset, payer, nonce });

export interface Taken {
  /** `first`: this call claimed the signature. `earlier`: an earlier request did. */
  kind: "first" | "earlier";
  claim: IncomingRow;
  payment: PresentedPayment;
}

/**
 * Claims a payment for one purpose before it is settled. Of several requests with the same signature, exactly
 * one gets `first` and goes on.
 * @param network where the payment is made
 * @param storeClaim stores the claim, with everything that belongs to it; returns undefined if the nonce was
 *   claimed before
 * @throws `payment_required`, with the terms, if there is no payment or it doesn't fit the terms
 */
export async function takePayment(
  ctx: Context,
  network: Network,
  payment: PresentedPayment | undefined,
  terms: SaleTerms,
  storeClaim: (authorization: SignedAuthorization) => Promise<string | undefined>,
): Promise<Taken> {
  const { chain, seller } = network;
  if (payment === undefined) throw paymentRequired(seller, terms, "Payment is required.");
  if (!seller.matches(payment, terms))
    throw paymentRequired(seller, terms, "The payment doesn't match the terms of this request.");
  // The block is read before the signature is verified: so a transfer that uses it can only be in a later
  // block.
  const claimedAtBlock = await chain.blockNumber();
  const invalid = await seller.verify(payment, terms);
  if (invalid !== undefined) {
    // It can be invalid because the same request was sent twice, and the first one has settled it.
    const earlier = await findEarlierClaim(ctx, network, payment);
    if (earlier !== undefined) return { kind: "earlier", claim: earlier, payment };
    throw paymentRequired(seller, terms, `The payment can't be accepted: ${invalid.reason}.`);
  }
  const claimed = await storeClaim({
    network: network.id,
    asset: network.asset,
    payTo: seller.payTo,
    payer: payment.payer,
    nonce: payment.nonce,
    amountMicros: terms.amountMicros,
    validBefore: payment.validBefore,
    claimedAtBlock,
  });
  const claim = await findEarlierClaim(ctx, network, payment);
  if (claim === undefined) throw new Error("an incoming payment was neither claimed nor found");
  return { kind: claim.id === claimed ? "first" : "earlier", claim, payment };
}

/**
 * Has the facilitator submit a claimed payment, and waits until the chain shows the money (at most
 * `confirmWaitMs`).
 * @returns the settling transaction, or undefined if the chain hasn't shown it in time
 */
export async function settlePayment(
  ctx: Context,
  { claim, payment }: Taken,
  terms: SaleTerms,
): Promise<Hex | undefined> {
  await ctx.networks.get(claim.network).seller.settle(payment, terms);
  return awaitArrival(ctx, claim);
}

/**
 * Waits until the chain shows the money of a payment that was claimed, at most `confirmWaitMs`. Returns the
 * settling transaction, or undefined if the chain hasn't shown it in time, or the payment has ended without it.
 */
export async function awaitArrival(ctx: Context, claim: IncomingRow): Promise<Hex | undefined> {
  if (claim.status !== "claimed") return (claim.txHash ?? undefined) as Hex | undefined;
  return pollChain(
    ctx.settings.confirmWaitMs,
    (milliseconds) => reconcileIncoming(ctx, claim, milliseconds),
    (txHash) => txHash !== undefined,
  );
}

/** The error that asks for a payment. It holds the terms. */
export function paymentRequired(seller: PaymentSeller, terms: SaleTerms, message: string): AppError {
  const { headers, body } = seller.demand(terms, message);
  return new AppError("payment_required", { message, headers, paymentTerms: body });
}
