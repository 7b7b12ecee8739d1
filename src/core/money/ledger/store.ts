import { bigint, boolean, integer, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import type { SqlPool } from "../../ports/sql.ts";
import type { ParamsOf, RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { Finding } from "./checks.ts";
import { findContradictions } from "./contradictions-store.ts";

/** Reads what doesn't depend on a chain, in one snapshot: contradictions within the database, and how much there is. */
export function readTotals(
  sql: SqlPool,
): Promise<{ findings: Finding[]; accounts: number; entries: number }> {
  return sql.snapshot(async (tx) => {
    const contradictions = await findContradictions.all(tx, {});
    const { accounts, entries } = await countBooks.one(tx, {});
    return {
      findings: contradictions.map(({ check_name: check, detail }) => ({ check, detail })),
      accounts: Number(accounts),
      entries: Number(entries),
    };
  });
}

/** The books of one network. */
export interface Books {
  outgoing: OutgoingRecord[];
  incoming: IncomingRecord[];
  /** Micros unspent in funded accounts, plus micros of payouts that aren't settled. */
  owed: bigint;
}

/** A network, and the age up to which its payments are verified on chain. Null: all. */
export type Period = ParamsOf<typeof findFirstBlock>;

/** Returns the first block in which a payment or payout of the period can have moved money. Undefined: there is none. */
export const readFirstBlock = async (sql: SqlPool, period: Period): Promise<bigint | undefined> =>
  (await findFirstBlock.one(sql, period)).first_block ?? undefined;

/**
 * Reads everything that the proof of one network needs, in one snapshot of the database.
 * @param firstBlock the first block of the chain that was read; the last one, if none was
 */
export function readBooks(sql: SqlPool, period: Period, firstBlock: bigint): Promise<Books> {
  const fromBlock = firstBlock - MAX_BLOCKS_TO_TRANSFER;
  return sql.snapshot(async (tx) => ({
    outgoing: await readOutgoing.all(tx, { ...period, from_block: fromBlock }),
    incoming: await readIncoming.all(tx, period),
    owed: (await sumOwed.one(tx, { network: period.network })).owed,
  }));
}

/** A transfer is at most this many blocks after its signature, because signatures are valid for minutes. */
const MAX_BLOCKS_TO_TRANSFER = 10_000n;

const PERIOD = { network: text, since_seconds: nullable(integer) };
/** SQL condition on `p`: on this network, and created, settled or still open within the verified period. */
const ON_NETWORK = "p.network = $network";
const IN_PERIOD = `($since_seconds IS NULL OR greatest(p.created_at, p.settled_at) > now() - make_interval(secs => $since_seconds)
        OR p.status IN ('signed', 'sent', 'unknown', 'refused'))`;

const findFirstBlock = statement({
  name: "ledger.find-first-block",
  limit: "job",
  params: PERIOD,
  row: { first_block: nullable(bigint) },
  text: `
    SELECT least((SELECT min(signed_at_block) FROM payments p WHERE ${ON_NETWORK} AND ${IN_PERIOD}),
                 (SELECT min(signed_at_block) FROM payouts p WHERE ${ON_NETWORK} AND ${IN_PERIOD}),
                 (SELECT min(claimed_at_block) FROM incoming_payments p WHERE p.status = 'settled' AND ${ON_NETWORK} AND ${IN_PERIOD})) AS first_block`,
});

/** SQL: the block in which these events' payment or payout was settled. */
const settledBlock = (events: string): string =>
  `(SELECT max((e.evidence->>'block')::bigint) FROM ${events} AND e.to_status = 'settled') AS settled_block`;

/** Payments and payouts of the period, and older ones whose transfers may be in the same blocks. */
const readOutgoing = statement({
  name: "ledger.read-outgoing",
  limit: "job",
  params: { ...PERIOD, from_block: bigint },
  row: {
    what: oneOf("payment", "payout"),
    id: uuid,
    status: text,
    amount_micros: bigint,
    pay_to: text,
    nonce: text,
    /** Null while it isn't settled, like its block: that of the evidence. */
    tx_hash: nullable(text),
    signed_at_block: bigint,
    settled_block: nullable(bigint),
    /** Within the verified period. Older rows are only read to recognise their transfers. */
    in_period: boolean,
  },
  text: `
    SELECT 'payment' AS what, p.id, p.status, p.amount_micros, p.pay_to, lower(p.nonce) AS nonce, p.tx_hash, p.signed_at_block,
           ${settledBlock("payment_events e WHERE e.payment_id = p.id")}, ${IN_PERIOD} AS in_period
      FROM payments p WHERE p.nonce IS NOT NULL AND p.signed_at_block >= $from_block AND ${ON_NETWORK}
    UNION ALL
    SELECT 'payout', p.id, p.status, p.amount_micros, p.pay_to, lower(p.nonce), p.tx_hash, p.signed_at_block,
           ${settledBlock("payout_events e WHERE e.payout_id = p.id")}, ${IN_PERIOD}
      FROM payouts p WHERE p.nonce IS NOT NULL AND p.signed_at_block >= $from_block AND ${ON_NETWORK}`,
});

/** A signed payment or payout: the part that the chain can confirm. */
export type OutgoingRecord = RowOf<typeof readOutgoing>;

const readIncoming = statement({
  name: "ledger.read-incoming",
  limit: "job",
  params: PERIOD,
  row: {
    id: uuid,
    payer: text,
    amount_micros: bigint,
    tx_hash: text,
    claimed_at_block: bigint,
    settled_block: nullable(bigint),
  },
  text: `
    SELECT p.id, lower(p.payer) AS payer, p.amount_micros, p.tx_hash, p.claimed_at_block,
           ${settledBlock("incoming_payment_events e WHERE e.incoming_payment_id = p.id")}
      FROM incoming_payments p WHERE p.status = 'settled' AND ${ON_NETWORK} AND ${IN_PERIOD}`,
});

/** A settled payment to the treasury. */
export type IncomingRecord = RowOf<typeof readIncoming>;

const countBooks = statement({
  name: "ledger.count-books",
  limit: "job",
  params: {},
  row: { accounts: bigint, entries: bigint },
  text: `
    SELECT (SELECT count(*) FROM budget_accounts) AS accounts, (SELECT count(*) FROM ledger_transfers) AS entries`,
});

/** Micros that the treasury must hold on a network: unspent in funded accounts, and in payouts that aren't settled. */
export const readOwed = async (sql: SqlPool, network: string): Promise<bigint> =>
  (await sumOwed.one(sql, { network })).owed;

const sumOwed = statement({
  name: "ledger.sum-owed",
  limit: "job",
  params: { network: text },
  row: { owed: bigint },
  text: `
    SELECT (SELECT coalesce(sum("limit" - spent), 0) FROM funded_accounts WHERE network = $network)::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE status <> 'settled' AND network = $network)::bigint AS owed`,
});
