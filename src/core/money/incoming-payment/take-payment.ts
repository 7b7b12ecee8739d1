import type { Hex } from "viem";
import type { Deps } from "../../context.ts";
import type { PaymentSeller, PresentedPayment, RequestHeaders, SaleTerms } from "../../ports/x402-seller.ts";
import { AppError } from "../../protocol/errors.ts";
import { reconcileIncoming } from "./reconcile-incoming.ts";
import type { IncomingRow, SignedAuthorization } from "./store.ts";
import { findClaim } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller" | "paymentClient" | "settings">;

/** The payment that a request brought, if any. @throws `validation_error` for one that is none */
export function presentedPayment(
  { seller }: Pick<Context, "seller">,
  headers: RequestHeaders,
): PresentedPayment | undefined {
  const payment = seller.read(headers);
  if (payment === "malformed")
    throw new AppError("validation_error", { message: "The payment header is malformed." });
  return payment === "none" ? undefined : payment;
}

/** What this signature was claimed for before, if anything. */
export const earlierClaim = (
  { db, paymentClient: { network, asset } }: Pick<Context, "db" | "paymentClient">,
  { payer, nonce }: PresentedPayment,
): Promise<IncomingRow | undefined> => findClaim(db, { network, asset, payer, nonce });

export interface Taken {
  /** Whether it is claimed now, or was before. */
  kind: "first" | "earlier";
  claim: IncomingRow;
  payment: PresentedPayment;
}

/**
 * Claims a payment for one purpose, before anything is settled, so that of many requests with one signature one goes on.
 * @param claim stores it, and whatever has to be on record with it; undefined where somebody else was first
 * @throws `payment_required` with the terms where it isn't good for them
 */
export async function takePayment(
  ctx: Context,
  payment: PresentedPayment | undefined,
  terms: SaleTerms,
  claim: (claimable: SignedAuthorization) => Promise<IncomingRow | undefined>,
): Promise<Taken> {
  const { chain, seller, paymentClient } = ctx;
  if (payment === undefined) throw paymentRequired(seller, terms, "Payment is required.");
  if (!seller.matches(payment, terms))
    throw paymentRequired(seller, terms, "The payment isn't for what is asked here.");
  // The block first: what uses the signature after it was verified comes after it.
  const claimedAtBlock = await chain.blockNumber();
  const invalid = await seller.verify(payment, terms);
  if (invalid !== undefined) {
    // What made it invalid may be that it was settled a moment ago, by the same request sent twice.
    const earlier = await earlierClaim(ctx, payment);
    if (earlier !== undefined) return { kind: "earlier", claim: earlier, payment };
    throw paymentRequired(seller, terms, `The payment is refused: ${invalid.reason}.`);
  }
  const claimed = await claim({
    network: paymentClient.network,
    asset: paymentClient.asset,
    payTo: seller.payTo,
    payer: payment.payer,
    nonce: payment.nonce,
    amountMicros: terms.amountMicros,
    validBefore: payment.validBefore,
    claimedAtBlock,
  });
  if (claimed !== undefined) return { kind: "first", claim: claimed, payment };
  const earlier = await earlierClaim(ctx, payment);
  if (earlier === undefined) throw new Error("a payment was neither claimed nor found");
  return { kind: "earlier", claim: earlier, payment };
}

/**
 * Has a claimed payment settled, and waits, up to the configured time, until the money is there.
 * @returns the transaction, once the chain has it
 */
export async function settlePayment(
  ctx: Context,
  { claim, payment }: Taken,
  terms: SaleTerms,
): Promise<Hex | undefined> {
  await ctx.seller.settle(payment, terms);
  const deadline = performance.now() + ctx.settings.confirmWaitMs;
  for (;;) {
    const txHash = await reconcileIncoming(ctx, claim);
    if (txHash !== undefined || performance.now() + LOOK_EVERY_MS > deadline) return txHash;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
const LOOK_EVERY_MS = 150;

function paymentRequired(seller: PaymentSeller, terms: SaleTerms, message: string): AppError {
  const { headers, body } = seller.demand(terms, message);
  return new AppError("payment_required", { message, headers, paymentTerms: body });
}
