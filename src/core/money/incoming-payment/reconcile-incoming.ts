import type { Address, Hex } from "viem";
import type { Deps } from "../../context.ts";
import { askChain, workOnDue } from "../settlement/index.ts";
import type { IncomingRow } from "./store.ts";
import { creditIncoming, endIncoming, findIncomingById, takeDueIncoming } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "log">;

/**
 * Asks the chain about a claimed payment, and settles or ends it if the chain has decided. The facilitator's
 * answer doesn't count. Safe to call at any time and from any replica. Returns the settling transaction, or
 * undefined while there is none.
 * @param milliseconds how long to wait for the chain
 */
export async function reconcileIncoming(
  ctx: Context,
  payment: IncomingRow,
  milliseconds?: number,
): Promise<Hex | undefined> {
  const { sql, log } = ctx;
  const { id, network } = payment;
  const authorization = {
    asset: payment.asset as Address,
    payer: payment.payer as Address,
    payTo: payment.payTo as Address,
    amountMicros: payment.amountMicros,
    nonce: payment.nonce as Hex,
    validBefore: payment.validBefore,
    signedAtBlock: payment.claimedAtBlock,
  };
  const subject = { noun: "incoming", id, network, authorization, signedBy: "buyer" } as const;
  const decision = await askChain(ctx, subject, milliseconds);
  switch (decision.kind) {
    case "settled": {
      const { txHash, evidence } = decision;
      if ((await creditIncoming.first(sql, { id, tx_hash: txHash, evidence })) !== undefined)
        log.info({ event: "incoming_settled", incoming_payment_id: id }, "incoming payment settled");
      return txHash;
    }
    case "expired":
    case "canceled": {
      const { kind: status, evidence } = decision;
      if ((await endIncoming.count(sql, { id, status, evidence })) === 1)
        log.info(
          { event: `incoming_${status}`, incoming_payment_id: id },
          "incoming payment ended without money",
        );
      return undefined;
    }
    case "pending":
    case "unknown":
      return undefined;
  }
}

/**
 * Reconciles claimed payments whose caller has stopped waiting: the answer was lost, the chain was slow, or
 * the process died.
 */
export async function reconcileDueIncoming(ctx: Context, limit: number): Promise<void> {
  const queue = {
    noun: "incoming",
    take: takeDueIncoming,
    find: findIncomingById,
    work: (payment: IncomingRow) => reconcileIncoming(ctx, payment),
  } as const;
  await workOnDue(ctx, queue, limit);
}
