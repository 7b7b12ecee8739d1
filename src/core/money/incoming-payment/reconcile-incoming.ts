import type { Address, Hex } from "viem";
import type { Deps } from "../../context.ts";
import { evidenceOf } from "../settlement/index.ts";
import type { IncomingRow } from "./store.ts";
import { creditIncoming, endIncoming, takeDueIncoming } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller">;

/**
 * Decides a claimed payment from the chain, if the chain has decided; what the facilitator said doesn't count. Safe to
 * call at any time from anywhere. Returns the transaction by which the money is there, if it is.
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
        log.info({ event: "incoming_settled", incoming_payment_id: payment.id }, "a payment to us arrived");
      return verdict.txHash;
    case "expired":
    case "canceled":
    case "diverted": {
      // What was signed for us and used for something else moves nothing to us any more, which is to cancel it.
      const status = verdict.kind === "expired" ? "expired" : "canceled";
      if (await endIncoming(db, payment.id, status, evidenceOf(verdict)))
        log.info(
          { event: `incoming_${verdict.kind}`, incoming_payment_id: payment.id },
          "a payment to us never arrived",
        );
      return undefined;
    }
    case "unexplained":
      log.error(
        { event: "incoming_unexplained", incoming_payment_id: payment.id, tx_hash: verdict.txHash },
        "authorization used without a matching transfer",
      );
      return undefined;
    case "pending":
      return undefined;
  }
}

/** Looks after payments to us that nobody waits for any more: a lost answer, a slow chain, a process that died. */
export async function reconcileDueIncoming(ctx: Context, limit: number): Promise<void> {
  const attend = async (payment: IncomingRow): Promise<void> => {
    try {
      await reconcileIncoming(ctx, payment);
    } catch (error) {
      ctx.log.warn(
        { event: "incoming_undecided", incoming_payment_id: payment.id, error: String(error) },
        "a payment to us left claimed",
      );
    }
  };
  await Promise.all((await takeDueIncoming(ctx.db, limit)).map(attend));
}
