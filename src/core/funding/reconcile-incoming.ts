import type { Address, Hex } from "viem";
import type { Deps } from "../context.ts";
import type { IncomingRow } from "./store.ts";
import { creditIncoming, endIncoming, takeDueIncoming } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller">;

/**
 * Decides a claimed payment from the chain, if the chain has decided; what the facilitator said doesn't count. Safe to
 * call at any time from anywhere. Returns whether the money is there now.
 */
export async function reconcileIncoming(
  { db, chain, log, seller }: Context,
  payment: IncomingRow,
): Promise<boolean> {
  const verdict = await chain.lookUp({
    asset: payment.asset as Address,
    payer: payment.payer as Address,
    payTo: seller.payTo,
    amountMicros: payment.amount_micros,
    nonce: payment.nonce as Hex,
    validBefore: payment.valid_before,
    signedAtBlock: payment.claimed_at_block,
  });
  switch (verdict.kind) {
    case "settled":
      if (await creditIncoming(db, payment.id, verdict.txHash))
        log.info({ event: "budget_funded", incoming_payment_id: payment.id }, "a budget was funded");
      return true;
    case "expired":
    case "canceled":
      if (await endIncoming(db, payment.id, verdict.kind))
        log.info(
          { event: `funding_${verdict.kind}`, incoming_payment_id: payment.id },
          "a funding never arrived",
        );
      return false;
    case "unexplained":
      log.error(
        { event: "funding_unexplained", incoming_payment_id: payment.id, tx_hash: verdict.txHash },
        "authorization used without a matching transfer",
      );
      return false;
    case "pending":
      return false;
  }
}

/** Looks after fundings that nobody waits for any more: a lost answer, a slow chain, a process that died. */
export async function attendIncoming(ctx: Context, limit: number): Promise<void> {
  for (const payment of await takeDueIncoming(ctx.db, limit)) {
    try {
      await reconcileIncoming(ctx, payment);
    } catch (error) {
      ctx.log.warn(
        { event: "funding_undecided", incoming_payment_id: payment.id, error: String(error) },
        "funding left claimed",
      );
    }
  }
}
