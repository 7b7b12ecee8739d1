import type { Address, Hex } from "viem";
import type { Deps } from "../../context.ts";
import { evidenceOf } from "../settlement/index.ts";
import type { PayoutRow } from "./store.ts";
import { endPayout, markPayoutSigned, reopenPayout, takeDuePayouts } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "cipher" | "log" | "transfers">;

const transferContext = (id: string): string => `payouts.signed_transfer:${id}`;

/**
 * Sends what is owed: signs it, keeps the signature, has it submitted, and asks the chain until it is decided. A signature
 * that moved nothing is followed by another only once the chain's own time says that it never will.
 */
export async function sendDuePayouts(ctx: Context, limit: number): Promise<void> {
  const attend = async (payout: PayoutRow): Promise<void> => {
    try {
      await (payout.status === "owed" ? send(ctx, payout) : pursue(ctx, payout));
    } catch (error) {
      ctx.log.warn(
        { event: "payout_undecided", payout_id: payout.id, error: String(error) },
        "payout left as it was",
      );
    }
  };
  // All at once: their nonces are random, and a facilitator may take its time with each.
  await Promise.all((await takeDuePayouts(ctx.db, limit)).map(attend));
}

async function send(ctx: Context, payout: PayoutRow): Promise<void> {
  const { db, chain, cipher, transfers } = ctx;
  // The block first: whatever uses the signature comes after it.
  const signedAtBlock = await chain.blockNumber();
  const signed = await transfers.signTransfer({
    payTo: payout.pay_to as Address,
    amountMicros: payout.amount_micros,
  });
  const kept = cipher.encrypt(signed.raw, transferContext(payout.id));
  if (!(await markPayoutSigned(db, payout.id, signed, signedAtBlock, kept))) return; // paused, or another was faster
  await transfers.submit(signed.raw);
  await pursue(ctx, {
    ...payout,
    pay_from: signed.payer,
    nonce: signed.nonce,
    valid_before: signed.validBefore,
    signed_at_block: signedAtBlock,
    signed_transfer: kept,
  });
}

/** Asks the chain, and while it hasn't decided has the same signature submitted again. */
async function pursue(ctx: Context, payout: PayoutRow): Promise<void> {
  const { db, chain, cipher, log, transfers } = ctx;
  const { id, pay_from, nonce, valid_before, signed_at_block } = payout;
  if (pay_from === null || nonce === null || valid_before === null || signed_at_block === null) return;
  const verdict = await chain.lookUp({
    asset: payout.asset as Address,
    payer: pay_from as Address,
    payTo: payout.pay_to as Address,
    amountMicros: payout.amount_micros,
    nonce: nonce as Hex,
    validBefore: valid_before,
    signedAtBlock: signed_at_block,
  });
  const evidence = evidenceOf(verdict);
  const fields = { payout_id: id, kind: payout.kind };
  switch (verdict.kind) {
    case "settled":
      if (await endPayout(db, id, nonce, verdict.txHash, evidence))
        log.info({ event: "payout_settled", ...fields, tx_hash: verdict.txHash }, "payout settled");
      return;
    case "expired":
    case "canceled":
      if (await reopenPayout(db, id, nonce, evidence))
        log.warn(
          { event: `payout_${verdict.kind}`, ...fields },
          "payout didn't get through, to be signed again",
        );
      return;
    case "diverted":
    case "unexplained":
      log.error({ event: "payout_unexplained", ...fields }, "authorization used without a matching transfer");
      return;
    case "pending":
      if (payout.signed_transfer !== null)
        await transfers.submit(cipher.decrypt(payout.signed_transfer, transferContext(id)).toString("utf8"));
  }
}
