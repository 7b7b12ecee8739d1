import type { Deps } from "../../context.ts";
import type { OutgoingTransfer, TreasuryTransfers } from "../../ports/chain.ts";
import type { Finding } from "./checks.ts";
import type { Books, IncomingRecord, OutgoingRecord } from "./store.ts";
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
  const flows = await chain.flows(paymentClient.payer, firstBlock);
  const books = await readBooks(db, sinceSeconds);
  return {
    findings: [
      ...books.findings,
      ...compareIncoming(books.incoming, flows, firstBlock),
      ...comparePayments(books.outgoing, flows, firstBlock),
      ...compareTransfers(books.outgoing, flows),
      ...compareBalance(books, flows),
    ],
    counts: {
      accounts: books.accounts,
      entries: books.entries,
      payments: books.outgoing.filter(({ what, status }) => what === "payment" && status === "settled")
        .length,
      transfers: flows.outgoing.length,
    },
    block: flows.block,
  };
}

const isSettled = ({ status }: OutgoingRecord): boolean => status === "settled";

/** Strangers may send us money too; what the books say arrived must have. Twins in one transaction are counted. */
function compareIncoming(
  payments: IncomingRecord[],
  { incoming, block }: TreasuryTransfers,
  firstBlock: bigint | undefined,
): Finding[] {
  const left = new Map<string, number>();
  const keyOf = (txHash: string, payer: string, amount: bigint): string =>
    `${txHash} ${payer.toLowerCase()} ${amount}`;
  for (const { txHash, payer, amountMicros } of incoming) {
    const key = keyOf(txHash, payer, amountMicros);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return payments.flatMap((payment): Finding[] => {
    if (isUnread(payment.claimed_at_block, payment.settled_block, block, firstBlock)) return [];
    const key = keyOf(payment.tx_hash, payment.payer, payment.amount_micros);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    const detail = `payment ${payment.id} to us: no transfer of ${payment.amount_micros} in ${payment.tx_hash}`;
    return count > 0 ? [] : [{ check: "deposits", detail }];
  });
}

/** Settled outside the blocks that were read: it came into the books after they were chosen. */
const isUnread = (
  madeAt: bigint,
  settledAt: bigint | null,
  block: bigint,
  firstBlock: bigint | undefined,
): boolean => firstBlock === undefined || madeAt < firstBlock || (settledAt ?? 0n) > block;

function comparePayments(
  payments: OutgoingRecord[],
  { outgoing, block }: TreasuryTransfers,
  firstBlock: bigint | undefined,
): Finding[] {
  const byNonce = new Map<string | undefined, OutgoingTransfer>(
    outgoing.map((transfer) => [transfer.nonce, transfer]),
  );
  return payments.flatMap((payment): Finding[] => {
    if (!payment.asked || !isSettled(payment)) return [];
    if (isUnread(payment.signed_at_block, payment.settled_block, block, firstBlock)) return [];
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
    return wrong === "" ? [] : [{ check: "payments", detail: `${payment.what} ${payment.id}: ${wrong}` }];
  });
}

/** A payment that isn't decided yet may have moved its money already; one that ended without can't have. */
function compareTransfers(payments: OutgoingRecord[], { outgoing }: TreasuryTransfers): Finding[] {
  const known = new Map(payments.map((payment) => [payment.nonce, payment]));
  return outgoing.flatMap(({ nonce, txHash, amountMicros, payTo }): Finding[] => {
    const payment = nonce === undefined ? undefined : known.get(nonce);
    const of = `${amountMicros} to ${payTo} in ${txHash}`;
    if (payment === undefined) return [{ check: "transfers", detail: `${of} is nobody's` }];
    return ["expired", "canceled", "void"].includes(payment.status)
      ? [
          {
            check: "transfers",
            detail: `${of} belongs to ${payment.what} ${payment.id}, which is ${payment.status}`,
          },
        ]
      : [];
  });
}

function compareBalance(books: Books, { balance, block, outgoing }: TreasuryTransfers): Finding[] {
  const moved = new Set<string | undefined>(outgoing.map(({ nonce }) => nonce));
  const sum = (payments: { amount_micros: bigint }[]): bigint =>
    payments.reduce((total, { amount_micros }) => total + amount_micros, 0n);
  const isLater = ({ settled_block }: { settled_block: bigint | null }): boolean =>
    (settled_block ?? 0n) > block;
  // Gone from the treasury, and not yet gone in the books; and the other way round; and arrived only in the books.
  const ahead = sum(books.outgoing.filter((one) => !isSettled(one) && moved.has(one.nonce)));
  const behind = sum(books.outgoing.filter((one) => isSettled(one) && isLater(one)));
  const arriving = sum(books.incoming.filter(isLater));
  const owed = books.owed - ahead + behind - arriving;
  return owed <= balance
    ? []
    : [{ check: "coverage", detail: `${owed} owed, and ${balance} in the treasury at block ${block}` }];
}
