import type { Deps } from "../../context.ts";
import type { OutgoingTransfer, TreasuryTransfers } from "../../ports/chain.ts";
import type { Network } from "../../ports/network.ts";
import { forEachInTurns } from "../../protocol/turns.ts";
import type { Finding } from "./checks.ts";
import type { Books, OutgoingRecord } from "./store.ts";
import { readBooks, readFirstBlock, readTotals } from "./store.ts";

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
  const period = { network: id, since_seconds: sinceSeconds ?? null };
  const firstBlock = await readFirstBlock(sql, period);
  const flows = await chain.listTreasuryTransfers(treasury, firstBlock);
  // If nothing was paid in the period, no older payment is needed either.
  const books = await readBooks(sql, period, firstBlock ?? flows.block);
  const proof = { books, flows, firstBlock };
  return {
    findings: [
      ...(await compareIncoming(proof)),
      ...(await comparePayments(proof)),
      ...(await compareTransfers(proof)),
      ...(await compareBalance(proof)),
    ],
    payments: books.outgoing.filter(({ what, status }) => what === "payment" && status === "settled").length,
    transfers: flows.outgoing.length,
    block: flows.block,
  };
}

/** The books of a network, its transfers, and the first block of those. A busy server has hundreds of thousands of both. */
interface Compared {
  books: Books;
  flows: TreasuryTransfers;
  firstBlock: bigint | undefined;
}

const isSettled = ({ status }: OutgoingRecord): boolean => status === "settled";

/**
 * Every incoming payment that the books call settled must have its transfer. Transfers without a payment are
 * ignored, because anybody can send money to the treasury. Equal transfers in one transaction are counted.
 */
async function compareIncoming({ books, flows, firstBlock }: Compared): Promise<Finding[]> {
  const unmatched = new Map<string, number>();
  const keyOf = (txHash: string, payer: string, amount: bigint): string =>
    `${txHash} ${payer.toLowerCase()} ${amount}`;
  await forEachInTurns(flows.incoming, ({ txHash, payer, amountMicros }) => {
    const key = keyOf(txHash, payer, amountMicros);
    unmatched.set(key, (unmatched.get(key) ?? 0) + 1);
  });
  const findings: Finding[] = [];
  await forEachInTurns(books.incoming, (payment) => {
    if (isUnread(payment.claimed_at_block, payment.settled_block, flows.block, firstBlock)) return;
    const key = keyOf(payment.tx_hash, payment.payer, payment.amount_micros);
    const count = unmatched.get(key) ?? 0;
    unmatched.set(key, count - 1);
    if (count > 0) return;
    const detail = `incoming payment ${payment.id}: no transfer of ${payment.amount_micros} in ${payment.tx_hash}`;
    findings.push({ check: "deposits", detail });
  });
  return findings;
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
async function comparePayments({ books, flows, firstBlock }: Compared): Promise<Finding[]> {
  const byNonce = new Map<string | undefined, OutgoingTransfer>();
  await forEachInTurns(flows.outgoing, (transfer) => void byNonce.set(transfer.nonce, transfer));
  const findings: Finding[] = [];
  await forEachInTurns(books.outgoing, (payment) => {
    if (!payment.in_period || !isSettled(payment)) return;
    if (isUnread(payment.signed_at_block, payment.settled_block, flows.block, firstBlock)) return;
    const mismatch = mismatchOf(payment, byNonce.get(payment.nonce));
    if (mismatch !== "")
      findings.push({ check: "payments", detail: `${payment.what} ${payment.id}: ${mismatch}` });
  });
  return findings;
}

/** What of a settled payment its transfer doesn't have. Empty: it has all. */
function mismatchOf(payment: OutgoingRecord, transfer: OutgoingTransfer | undefined): string {
  if (transfer === undefined) return "no transfer";
  return [
    transfer.txHash !== payment.tx_hash && `in ${transfer.txHash}, not in ${payment.tx_hash}`,
    transfer.amountMicros !== payment.amount_micros &&
      `of ${transfer.amountMicros}, not of ${payment.amount_micros}`,
    transfer.payTo.toLowerCase() !== payment.pay_to.toLowerCase() &&
      `to ${transfer.payTo}, not to ${payment.pay_to}`,
  ]
    .filter((part) => part !== false)
    .join(", ");
}

/**
 * Every transfer out must belong to a payment or payout that is settled or still open, not to one that ended
 * unpaid.
 */
async function compareTransfers({ books, flows }: Compared): Promise<Finding[]> {
  const known = new Map<string, OutgoingRecord>();
  await forEachInTurns(books.outgoing, (payment) => void known.set(payment.nonce, payment));
  const findings: Finding[] = [];
  await forEachInTurns(flows.outgoing, ({ nonce, txHash, amountMicros, payTo }) => {
    const payment = nonce === undefined ? undefined : known.get(nonce);
    const transfer = `${amountMicros} to ${payTo} in ${txHash}`;
    if (payment === undefined)
      findings.push({
        check: "transfers",
        detail: `${transfer} belongs to no payment and no payout`,
      });
    else if (["expired", "canceled", "void"].includes(payment.status))
      findings.push({
        check: "transfers",
        detail: `${transfer} belongs to ${payment.what} ${payment.id}, which is ${payment.status}`,
      });
  });
  return findings;
}

/** The balance at the block must cover what the books owe at that block. */
async function compareBalance({ books, flows }: Compared): Promise<Finding[]> {
  const { balance, block, outgoing } = flows;
  const moved = new Set<string | undefined>();
  await forEachInTurns(outgoing, ({ nonce }) => void moved.add(nonce));
  const isAfterBlock = ({ settled_block }: { settled_block: bigint | null }): boolean =>
    (settled_block ?? 0n) > block;
  // The books were read after the block. Three differences bring what they owe back to that block: what had moved and was open,
  // what was settled later, and what arrived later.
  let { owed } = books;
  await forEachInTurns(books.outgoing, (record) => {
    if (!isSettled(record)) owed -= moved.has(record.nonce) ? record.amount_micros : 0n;
    else if (isAfterBlock(record)) owed += record.amount_micros;
  });
  await forEachInTurns(books.incoming, (record) => {
    if (isAfterBlock(record)) owed -= record.amount_micros;
  });
  return owed <= balance
    ? []
    : [{ check: "coverage", detail: `${owed} owed, but ${balance} in the treasury at block ${block}` }];
}
