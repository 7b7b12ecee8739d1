import type { Address } from "viem";
import type { Deps } from "../../context.ts";
import { askChain, authorizationOf, orLog } from "../settlement/index.ts";
import type { PayoutKind, PayoutRow } from "./store.ts";
import { findPayoutsById, markPayoutSigned, reopenPayout, settlePayout, takeDuePayouts } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "cipher" | "log">;

/** Binds an encrypted transfer to its payout. */
const transferContext = (id: string): string => `payouts.signed_transfer:${id}`;

/** A payout that is due, and the work on it: to sign it and have it submitted, or to ask the chain about it. */
export interface DuePayout {
  id: string;
  /** Never rejects: a failure is logged, and the payout is due again in seconds. */
  moveOn: () => Promise<void>;
}

/**
 * Takes payouts of one kind that are due. An owed one is to be signed, recorded and submitted; about a signed one the chain is
 * asked. A payout is signed again only after the chain proves that the last signature never moves money. Each is work of its
 * own, since a facilitator may be slow: random nonces make payouts independent of each other.
 */
export async function takePayouts(ctx: Context, kind: PayoutKind, limit: number): Promise<DuePayout[]> {
  const taken = await takeDuePayouts[kind].all(ctx.sql, { limit: BigInt(limit) });
  if (taken.length === 0) return [];
  const payouts = await findPayoutsById(
    ctx.db,
    taken.map(({ id }) => id),
  );
  const moveOn = (payout: PayoutRow): Promise<void> =>
    payout.status === "owed" ? signAndSubmit(ctx, payout) : followUp(ctx, payout);
  return payouts.map((payout) => ({
    id: payout.id,
    moveOn: async () => {
      await orLog(ctx, "payout", payout.id, () => moveOn(payout));
    },
  }));
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
