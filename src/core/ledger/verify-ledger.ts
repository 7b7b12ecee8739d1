import type { Deps } from "../context.ts";
import type { Outflow, OutgoingTransfer } from "../payment/ports.ts";
import type { Finding } from "./checks.ts";
import type { Books, PaymentRecord } from "./store.ts";
import { readBooks } from "./store.ts";

export interface Proof {
  findings: Finding[];
  /** How much was looked at. */
  counts: { accounts: number; entries: number; payments: number; transfers: number };
  /** The block that all chain reads are pinned to. */
  block: bigint;
}

/**
 * Compares the books with themselves and with the chain. The chain is read first and pinned to a block, then the books
 * in one snapshot, so that payments made meanwhile contradict nothing.
 *
 * @param sinceSeconds only payments this young are looked up on chain, and the treasury's transfers from their first
 *   block on; undefined: all
 * @throws where the database or the chain can't be asked
 */
export async function verifyLedger(
  { db, chain, paymentClient }: Pick<Deps, "db" | "chain" | "paymentClient">,
  sinceSeconds?: number,
): Promise<Proof> {
  const { firstBlock } = await readBooks(db, sinceSeconds);
  const outflow = await chain.outflow(paymentClient.payer, firstBlock);
  const books = await readBooks(db, sinceSeconds);
  return {
    findings: [
      ...books.findings,
      ...comparePayments(books.payments, outflow),
      ...compareTransfers(books.payments, outflow),
      ...compareBalance(books, outflow),
    ],
    counts: {
      accounts: books.accounts,
      entries: books.entries,
      payments: books.payments.filter(isSettled).length,
      transfers: outflow.transfers.length,
    },
    block: outflow.block,
  };
}

const isSettled = ({ status }: PaymentRecord): boolean => status === "settled";

function comparePayments(payments: PaymentRecord[], { transfers, block }: Outflow): Finding[] {
  const byNonce = new Map<string | undefined, OutgoingTransfer>(
    transfers.map((transfer) => [transfer.nonce, transfer]),
  );
  return payments.flatMap((payment): Finding[] => {
    if (!payment.asked || !isSettled(payment) || (payment.settled_block ?? 0n) > block) return [];
    const transfer = byNonce.get(payment.nonce);
    const wrong =
      transfer === undefined
        ? "no transfer"
        : [
            transfer.txHash !== payment.tx_hash && `in ${transfer.txHash}, not in ${payment.tx_hash}`,
            transfer.amountMicros !== payment.amount_micros &&
              `of ${transfer.amountMicros}, not of ${payment.amount_micros}`,
            transfer.payTo.toLowerCase() !== payment.pay_to.toLowerCase() &&
              `to ${transfer.payTo}, not to ${payment.pay_to}`,
          ]
            .filter((part) => part !== false)
            .join(", ");
    return wrong === "" ? [] : [{ check: "payments", detail: `payment ${payment.id}: ${wrong}` }];
  });
}

/** A payment that isn't decided yet may have moved its money already; one that ended without can't have. */
function compareTransfers(payments: PaymentRecord[], { transfers }: Outflow): Finding[] {
  const known = new Map(payments.map((payment) => [payment.nonce, payment]));
  return transfers.flatMap(({ nonce, txHash, amountMicros, payTo }): Finding[] => {
    const payment = nonce === undefined ? undefined : known.get(nonce);
    const of = `${amountMicros} to ${payTo} in ${txHash}`;
    if (payment === undefined) return [{ check: "transfers", detail: `${of} is nobody's` }];
    return ["expired", "canceled", "void"].includes(payment.status)
      ? [{ check: "transfers", detail: `${of} belongs to payment ${payment.id}, which is ${payment.status}` }]
      : [];
  });
}

function compareBalance(books: Books, { balance, block, transfers }: Outflow): Finding[] {
  const moved = new Set<string | undefined>(transfers.map(({ nonce }) => nonce));
  const sum = (payments: PaymentRecord[]): bigint =>
    payments.reduce((total, { amount_micros }) => total + amount_micros, 0n);
  // Gone from the treasury, and not yet spent in the books; and the other way round.
  const ahead = sum(books.payments.filter((one) => !isSettled(one) && moved.has(one.nonce)));
  const behind = sum(books.payments.filter((one) => isSettled(one) && (one.settled_block ?? 0n) > block));
  const owed = books.unspent - ahead + behind;
  return owed <= balance
    ? []
    : [{ check: "coverage", detail: `${owed} unspent, and ${balance} in the treasury at block ${block}` }];
}
