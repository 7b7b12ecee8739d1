import type { Address } from "viem";
import type { Deps } from "../../context.ts";
import { authorizationOf, evidenceOf } from "../settlement/index.ts";
import type { PayoutRow } from "./store.ts";
import { markPayoutSigned, reopenPayout, settlePayout, takeDuePayouts } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "cipher" | "log" | "transfers">;

/** Binds an encrypted transfer to its payout. */
const transferContext = (id: string): string => `payouts.signed_transfer:${id}`;

/**
 * Moves due payouts on: signs an owed one, stores the signature, and has it submitted; asks the chain about a
 * signed one. A payout is signed again only after the chain proves that the last signature never moves money.
 * A failure is logged, and the payout is tried again in a later round.
 */
export async function sendDuePayouts(ctx: Context, limit: number): Promise<void> {
  const moveOnOrLog = async (payout: PayoutRow): Promise<void> => {
    try {
      await (payout.status === "owed" ? signAndSubmit(ctx, payout) : followUp(ctx, payout));
    } catch (error) {
      ctx.log.warn(
        { event: "payout_undecided", payout_id: payout.id, error: String(error) },
        "the payout couldn't be moved on; it will be tried again",
      );
    }
  };
  // In parallel: random nonces make payouts independent of each other, and a facilitator may be slow.
  await Promise.all((await takeDuePayouts(ctx.db, limit)).map(moveOnOrLog));
}

async function signAndSubmit(ctx: Context, payout: PayoutRow): Promise<void> {
  const { db, chain, cipher, transfers } = ctx;
  // The block is read before signing: so a transfer that uses the signature can only be in a later block.
  const signedAtBlock = await chain.blockNumber();
  const signed = await transfers.signTransfer({
    payTo: payout.pay_to as Address,
    amountMicros: payout.amount_micros,
  });
  const encryptedTransfer = cipher.encrypt(signed.raw, transferContext(payout.id));
  // False: payments are paused, or another replica has signed this payout.
  if (!(await markPayoutSigned(db, payout.id, signed, signedAtBlock, encryptedTransfer))) return;
  await transfers.submit(signed.raw);
  await followUp(ctx, {
    ...payout,
    pay_from: signed.payer,
    nonce: signed.nonce,
    valid_before: signed.validBefore,
    signed_at_block: signedAtBlock,
    signed_transfer: encryptedTransfer,
  });
}

/**
 * Asks the chain about a signed payout. While the chain hasn't decided, has the same signature submitted
 * again.
 */
async function followUp(ctx: Context, payout: PayoutRow): Promise<void> {
  const { db, chain, cipher, log, transfers } = ctx;
  const { id } = payout;
  const authorization = authorizationOf(payout);
  if (authorization === undefined) return;
  const { nonce } = authorization;
  const verdict = await chain.lookUp(authorization);
  const evidence = evidenceOf(verdict);
  const fields = { payout_id: id, kind: payout.kind };
  switch (verdict.kind) {
    case "settled":
      if (await settlePayout(db, id, nonce, verdict.txHash, evidence))
        log.info({ event: "payout_settled", ...fields, tx_hash: verdict.txHash }, "payout settled");
      return;
    case "expired":
    case "canceled":
      if (await reopenPayout(db, id, nonce, evidence))
        log.warn(
          { event: `payout_${verdict.kind}`, ...fields },
          "the payout's signature moved nothing; it will be signed again",
        );
      return;
    case "diverted":
    case "unexplained":
      log.error(
        { event: "payout_unexplained", ...fields },
        "the authorization was used, but no matching transfer was found",
      );
      return;
    case "pending":
      if (payout.signed_transfer !== null)
        await transfers.submit(cipher.decrypt(payout.signed_transfer, transferContext(id)).toString("utf8"));
  }
}
