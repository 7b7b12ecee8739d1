import type { Deps } from "../../context.ts";
import type { OutgoingTransfer, TreasuryTransfers } from "../../ports/chain.ts";
import type { Network } from "../../ports/network.ts";
import type { Finding } from "./checks.ts";
import type { Books, IncomingRecord, OutgoingRecord } from "./store.ts";
import { readBooks, readTotals } from "./store.ts";

export interface Proof {
  /** Empty: the books are right. */
  findings: Finding[];
  /** How many rows and transfers were checked. */
  counts: { accounts: number; entries: number; payments: number; transfers: number };
  /** The block up to which each network's chain was read, by the network's id. */
  blocks: Record<string, bigint>;
}

/**
 * Compares the books with themselves and with the chains. Each chain is read up to one block, and the books
 * after that in one snapshot. So payments made meanwhile can't look like contradictions.
 *
 * @param sinceSeconds verify only payments of this age or younger on chain, and the treasury's transfers from
 *   their first block on; undefined: all
 * @throws if the database or a chain can't be asked
 */
export async function verifyLedger(
  { sql, networks }: Pick<Deps, "sql" | "networks">,
  sinceSeconds?: number,
): Promise<Proof> {
  const { findings, ...totals } = await readTotals(sql);
  const counts = { ...totals, payments: 0, transfers: 0 };
  const blocks: Proof["blocks"] = {};
  for (const network of networks.all) {
    const proof = await verifyNetwork(sql, network, sinceSeconds);
    findings.push(...proof.findings);
    counts.payments += proof.payments;
    counts.transfers += proof.transfers;
    blocks[network.id] = proof.block;
  }
  return { findings, counts, blocks };
}

async function verifyNetwork(
  sql: Deps["sql"],
  { id, chain, treasury }: Network,
  sinceSeconds: number | undefined,
): Promise<{ findings: Finding[]; payments: number; transfers: number; block: bigint }> {
  const { firstBlock } = await readBooks(sql, id, sinceSeconds);
  const flows = await chain.listTreasuryTransfers(treasury, firstBlock);
  const books = await readBooks(sql, id, sinceSeconds);
  return {
    findings: [
      ...compareIncoming(books.incoming, flows, firstBlock),
      ...comparePayments(books.outgoing, flows, firstBlock),
      ...compareTransfers(books.outgoing, flows),
      ...compareBalance(books, flows),
    ],
    payments: books.outgoing.filter(({ what, status }) => what === "payment" && status === "settled").length,
    transfers: flows.outgoing.length,
    block: flows.block,
  };
}

const isSettled = ({ status }: OutgoingRecord): boolean => status === "settled";

/**
 * Every incoming payment that the books call settled must have its transfer. Transfers without a payment are
 * ignored, because anybody can send money to the treasury. Equal transfers in one transaction are counted.
 */
function compareIncoming(
  payments: IncomingRecord[],
  { incoming, block }: TreasuryTransfers,
  firstBlock: bigint | undefined,
): Finding[] {
  const unmatched = new Map<string, number>();
  const keyOf = (txHash: string, payer: string, amount: bigint): string =>
    `${txHash} ${payer.toLowerCase()} ${amount}`;
  for (const { txHash, payer, amountMicros } of incoming) {
    const key = keyOf(txHash, payer, amountMicros);
    unmatched.set(key, (unmatched.get(key) ?? 0) + 1);
  }
  return payments.flatMap((payment): Finding[] => {
    if (isUnread(payment.claimed_at_block, payment.settled_block, block, firstBlock)) return [];
    const key = keyOf(payment.tx_hash, payment.payer, payment.amount_micros);
    const count = unmatched.get(key) ?? 0;
    unmatched.set(key, count - 1);
    const detail = `incoming payment ${payment.id}: no transfer of ${payment.amount_micros} in ${payment.tx_hash}`;
    return count > 0 ? [] : [{ check: "deposits", detail }];
  });
}

/**
 * Whether a payment's transfer is outside the blocks that were read, because it got into the books after
 * that.
 */
const isUnread = (
  signedAtBlock: bigint,
  settledBlock: bigint | null,
  lastBlock: bigint,
  firstBlock: bigint | undefined,
): boolean => firstBlock === undefined || signedAtBlock < firstBlock || (settledBlock ?? 0n) > lastBlock;

/** Every settled payment and payout must have its transfer: same transaction, amount and payee. */

function comparePayments(
  payments: OutgoingRecord[],
  { outgoing, block }: TreasuryTransfers,
  firstBlock: bigint | undefined,
): Finding[] {
  const byNonce = new Map<string | undefined, OutgoingTransfer>(
    outgoing.map((transfer) => [transfer.nonce, transfer]),
  );
  return payments.flatMap((payment): Finding[] => {
    if (!payment.in_period || !isSettled(payment)) return [];
    if (isUnread(payment.signed_at_block, payment.settled_block, block, firstBlock)) return [];
    const transfer = byNonce.get(payment.nonce);
    const mismatch =
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
    return mismatch === ""
      ? []
      : [{ check: "payments", detail: `${payment.what} ${payment.id}: ${mismatch}` }];
  });
}

/**
 * Every transfer out must belong to a payment or payout that is settled or still open, not to one that ended
 * unpaid.
 */
function compareTransfers(payments: OutgoingRecord[], { outgoing }: TreasuryTransfers): Finding[] {
  const known = new Map(payments.map((payment) => [payment.nonce, payment]));
  return outgoing.flatMap(({ nonce, txHash, amountMicros, payTo }): Finding[] => {
    const payment = nonce === undefined ? undefined : known.get(nonce);
    const transfer = `${amountMicros} to ${payTo} in ${txHash}`;
    if (payment === undefined)
      return [{ check: "transfers", detail: `${transfer} belongs to no payment and no payout` }];
    return ["expired", "canceled", "void"].includes(payment.status)
      ? [
          {
            check: "transfers",
            detail: `${transfer} belongs to ${payment.what} ${payment.id}, which is ${payment.status}`,
          },
        ]
      : [];
  });
}

/** The balance at the block must cover what the books owe at that block. */
function compareBalance(books: Books, { balance, block, outgoing }: TreasuryTransfers): Finding[] {
  const moved = new Set<string | undefined>(outgoing.map(({ nonce }) => nonce));
  const sum = (payments: { amount_micros: bigint }[]): bigint =>
    payments.reduce((total, { amount_micros }) => total + amount_micros, 0n);
  const isAfterBlock = ({ settled_block }: { settled_block: bigint | null }): boolean =>
    (settled_block ?? 0n) > block;
  // The books were read after the block. These three differences bring what they owe back to that block.
  const movedButOpen = sum(books.outgoing.filter((record) => !isSettled(record) && moved.has(record.nonce)));
  const settledLater = sum(books.outgoing.filter((record) => isSettled(record) && isAfterBlock(record)));
  const arrivedLater = sum(books.incoming.filter(isAfterBlock));
  const owed = books.owed - movedButOpen + settledLater - arrivedLater;
  return owed <= balance
    ? []
    : [{ check: "coverage", detail: `${owed} owed, but ${balance} in the treasury at block ${block}` }];
}
