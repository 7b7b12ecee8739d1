import type { Address } from "viem";
import type { Deps } from "../../context.ts";
import { askChain, authorizationOf, workOnDue } from "../settlement/index.ts";
import type { PayoutKind, PayoutRow } from "./store.ts";
import { findPayoutsById, markPayoutSigned, reopenPayout, settlePayout, takeDuePayouts } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "cipher" | "log">;

/** Binds an encrypted transfer to its payout. */
const transferContext = (id: string): string => `payouts.signed_transfer:${id}`;

/**
 * Moves due payouts of one kind on: signs an owed one, stores the signature, and has it submitted; asks the chain about a
 * signed one. A payout is signed again only after the chain proves that the last signature never moves money.
 * A failure is logged, and the payout is tried again in a later round. Refunds and withdrawals are taken apart,
 * because a round waits for its slowest payout: withdrawals would delay the refunds of the next one.
 */
export async function sendDuePayouts(ctx: Context, kind: PayoutKind, limit: number): Promise<void> {
  // In parallel: random nonces make payouts independent of each other, and a facilitator may be slow.
  const queue = {
    noun: "payout",
    take: takeDuePayouts[kind],
    find: findPayoutsById,
    work: (payout: PayoutRow) =>
      payout.status === "owed" ? signAndSubmit(ctx, payout) : followUp(ctx, payout),
  } as const;
  await workOnDue(ctx, queue, limit);
}

async function signAndSubmit(ctx: Context, payout: PayoutRow): Promise<void> {
  const { sql, networks, cipher } = ctx;
  const { id } = payout;
  const { chain, transfers } = networks.get(payout.network);
  // The block is read before signing: so a transfer that uses the signature can only be in a later block.
  const block = await chain.blockNumber();
  const signed = await transfers.signTransfer({
    payTo: payout.payTo as Address,
    amountMicros: payout.amountMicros,
  });
  const { payer, nonce, validBefore } = signed;
  const transfer = cipher.encrypt(signed.raw, transferContext(id));
  const evidence = { nonce, valid_before: String(validBefore), block: String(block) };
  const record = { id, payer, nonce, valid_before: validBefore, block, transfer, evidence };
  // No row: payments are paused, or another replica has signed this payout.
  if ((await markPayoutSigned.count(sql, record)) === 0) return;
  await transfers.submit(signed.raw);
  const [current] = await findPayoutsById(ctx.db, [id]);
  if (current !== undefined) await followUp(ctx, current);
}

/**
 * Asks the chain about a signed payout. While the chain hasn't decided, has the same signature submitted
 * again.
 */
async function followUp(ctx: Context, payout: PayoutRow): Promise<void> {
  const { sql, networks, cipher, log } = ctx;
  const { id, network } = payout;
  const authorization = authorizationOf(payout);
  if (authorization === undefined) return;
  const { nonce } = authorization;
  const decision = await askChain(ctx, {
    noun: "payout",
    id,
    network,
    authorization,
    signedBy: "treasury",
  });
  const fields = { payout_id: id, kind: payout.kind };
  switch (decision.kind) {
    case "settled": {
      const { txHash, evidence } = decision;
      if ((await settlePayout.first(sql, { id, nonce, tx_hash: txHash, evidence })) !== undefined)
        log.info({ event: "payout_settled", ...fields, tx_hash: txHash }, "payout settled");
      return;
    }
    case "expired":
    case "canceled":
      if ((await reopenPayout.count(sql, { id, nonce, evidence: decision.evidence })) === 1)
        log.warn(
          { event: `payout_${decision.kind}`, ...fields },
          "the payout's signature moved nothing; it will be signed again",
        );
      return;
    case "pending":
      if (payout.signedTransfer !== null) {
        const raw = cipher.decrypt(payout.signedTransfer, transferContext(id)).toString("utf8");
        await networks.get(network).transfers.submit(raw);
      }
      return;
    case "unknown":
  }
}
