import type { Address, Hex } from "viem";
import type { Deps } from "../../context.ts";
import { evidenceOf } from "../settlement/index.ts";
import type { IncomingRow } from "./store.ts";
import { creditIncoming, endIncoming, takeDueIncoming } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller">;

/**
 * Asks the chain about a claimed payment, and settles or ends it if the chain has decided. The facilitator's
 * answer doesn't count. Safe to call at any time and from any replica. Returns the settling transaction, or
 * undefined while there is none.
 */
export async function reconcileIncoming(
  { db, chain, log, seller }: Context,
  payment: IncomingRow,
): Promise<Hex | undefined> {
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
      if (await creditIncoming(db, payment.id, verdict.txHash, evidenceOf(verdict)))
        log.info({ event: "incoming_settled", incoming_payment_id: payment.id }, "incoming payment settled");
      return verdict.txHash;
    case "expired":
    case "canceled":
    case "diverted": {
      // A diverted authorization was used for another transfer. It can't pay us any more, so it counts as
      // canceled.
      const status = verdict.kind === "expired" ? "expired" : "canceled";
      if (await endIncoming(db, payment.id, status, evidenceOf(verdict)))
        log.info(
          { event: `incoming_${verdict.kind}`, incoming_payment_id: payment.id },
          "incoming payment ended without money",
        );
      return undefined;
    }
    case "unexplained":
      log.error(
        { event: "incoming_unexplained", incoming_payment_id: payment.id, tx_hash: verdict.txHash },
        "the authorization was used, but no matching transfer was found",
      );
      return undefined;
    case "pending":
      return undefined;
  }
}

/**
 * Reconciles claimed payments whose caller has stopped waiting: the answer was lost, the chain was slow, or
 * the process died. A failure is logged, and the payment is checked again in a later round.
 */
export async function reconcileDueIncoming(ctx: Context, limit: number): Promise<void> {
  const reconcileOrLog = async (payment: IncomingRow): Promise<void> => {
    try {
      await reconcileIncoming(ctx, payment);
    } catch (error) {
      ctx.log.warn(
        { event: "incoming_undecided", incoming_payment_id: payment.id, error: String(error) },
        "incoming payment couldn't be checked; it will be checked again",
      );
    }
  };
  await Promise.all((await takeDueIncoming(ctx.db, limit)).map(reconcileOrLog));
}
