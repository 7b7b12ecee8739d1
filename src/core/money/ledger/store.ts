import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Database, Queries } from "../../ports/database.ts";
import { FUNDED } from "../budget/index.ts";
import { OPEN_PAYMENT } from "../payment/index.ts";
import type { CheckName, Finding } from "./checks.ts";

/** A signed payment or payout: the part that the chain can confirm. */
export interface OutgoingRecord {
  what: "payment" | "payout";
  id: string;
  status: string;
  amount_micros: bigint;
  pay_to: string;
  nonce: string;
  tx_hash: string | null;
  signed_at_block: bigint;
  /** The block from the evidence of its settlement. Null while it isn't settled. */
  settled_block: bigint | null;
  /** Within the verified period. Older rows are only read to recognise their transfers. */
  in_period: boolean;
}

/** A settled payment to the treasury. */
export interface IncomingRecord {
  id: string;
  payer: string;
  amount_micros: bigint;
  tx_hash: string;
  claimed_at_block: bigint;
  settled_block: bigint | null;
}

export interface Books {
  /** Contradictions within the database. */
  findings: Finding[];
  outgoing: OutgoingRecord[];
  incoming: IncomingRecord[];
  accounts: number;
  entries: number;
  /** Micros unspent in funded accounts, plus micros of payouts that aren't settled. */
  owed: bigint;
  /** The first block in which a payment or payout of the verified period can have moved money. */
  firstBlock: bigint | undefined;
}

/**
 * Reads everything that a proof needs, in one snapshot of the database.
 * @param sinceSeconds the age up to which payments are verified on chain; undefined: all
 */
export function readBooks(db: Database, sinceSeconds: number | undefined): Promise<Books> {
  return db.$transaction(
    async (tx) => {
      const firstBlock = await findFirstBlock(tx, sinceSeconds);
      const outgoing = await readOutgoing(tx, sinceSeconds, firstBlock);
      const incoming = await readIncoming(tx, sinceSeconds);
      const [totals] = await tx.$queryRaw<{ accounts: bigint; entries: bigint; owed: bigint }[]>`
        SELECT (SELECT count(*) FROM budget_accounts) AS accounts, (SELECT count(*) FROM ledger_transfers) AS entries,
               (SELECT coalesce(sum("limit" - spent), 0) FROM budget_accounts WHERE kind IN ${FUNDED})::bigint
             + (SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE status <> 'settled')::bigint AS owed`;
      return {
        findings: await findContradictions(tx),
        outgoing,
        incoming,
        accounts: Number(totals?.accounts ?? 0n),
        entries: Number(totals?.entries ?? 0n),
        owed: totals?.owed ?? 0n,
        firstBlock,
      };
    },
    { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead, timeout: 120_000 },
  );
}

/** A transfer is at most this many blocks after its signature, because signatures are valid for minutes. */
const MAX_BLOCKS_TO_TRANSFER = 10_000n;

/** SQL condition: created, settled or still open within the verified period. */
const isInPeriod = (sinceSeconds: number | undefined): Prisma.Sql =>
  sinceSeconds === undefined
    ? Prisma.sql`true`
    : Prisma.sql`(greatest(p.created_at, p.settled_at) > now() - make_interval(secs => ${sinceSeconds}::int)
        OR p.status IN ('signed', 'sent', 'unknown', 'refused'))`;

async function findFirstBlock(db: Queries, sinceSeconds: number | undefined): Promise<bigint | undefined> {
  const inPeriod = isInPeriod(sinceSeconds);
  const [row] = await db.$queryRaw<{ first: bigint | null }[]>`
    SELECT least((SELECT min(signed_at_block) FROM payments p WHERE ${inPeriod}),
                 (SELECT min(signed_at_block) FROM payouts p WHERE ${inPeriod}),
                 (SELECT min(claimed_at_block) FROM incoming_payments p WHERE p.status = 'settled' AND ${inPeriod})) AS first`;
  return row?.first ?? undefined;
}

/** The block in which these events' payment or payout was settled. */
const settledBlock = (events: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`(SELECT max((e.evidence->>'block')::bigint) FROM ${events} AND e.to_status = 'settled') AS settled_block`;

/** Payments and payouts of the period, and older ones whose transfers may be in the same blocks. */
function readOutgoing(
  db: Queries,
  sinceSeconds: number | undefined,
  firstBlock: bigint | undefined,
): Promise<OutgoingRecord[]> {
  const inPeriod = isInPeriod(sinceSeconds);
  const known = Prisma.sql`p.signed_at_block >= ${(firstBlock ?? 0n) - MAX_BLOCKS_TO_TRANSFER}`;
  return db.$queryRaw<OutgoingRecord[]>`
    SELECT 'payment' AS what, p.id, p.status, p.amount_micros, p.pay_to, lower(p.nonce) AS nonce, p.tx_hash, p.signed_at_block, ${inPeriod} AS in_period,
           ${settledBlock(Prisma.sql`payment_events e WHERE e.payment_id = p.id`)}
      FROM payments p WHERE p.nonce IS NOT NULL AND ${known}
    UNION ALL
    SELECT 'payout', p.id, p.status, p.amount_micros, p.pay_to, lower(p.nonce), p.tx_hash, p.signed_at_block, ${inPeriod},
           ${settledBlock(Prisma.sql`payout_events e WHERE e.payout_id = p.id`)}
      FROM payouts p WHERE p.nonce IS NOT NULL AND ${known}`;
}

function readIncoming(db: Queries, sinceSeconds: number | undefined): Promise<IncomingRecord[]> {
  return db.$queryRaw<IncomingRecord[]>`
    SELECT p.id, lower(p.payer) AS payer, p.amount_micros, p.tx_hash, p.claimed_at_block,
           ${settledBlock(Prisma.sql`incoming_payment_events e WHERE e.incoming_payment_id = p.id`)}
      FROM incoming_payments p WHERE p.status = 'settled' AND ${isInPeriod(sinceSeconds)}`;
}

/** Each query returns the rows that contradict its check. */
const CONTRADICTIONS: [CheckName, Prisma.Sql][] = [
  [
    "entries",
    Prisma.sql`
      SELECT format('account %s: limit %s and spent %s, but %s and %s by its entries', a.id, a."limit", a.spent, t.funded, t.spent) AS detail
        FROM budget_accounts a LEFT JOIN ledger_accounts l ON l.budget_account_id = a.id, LATERAL (
          SELECT coalesce(sum(CASE WHEN e.to_account_id = l.id THEN e.amount_micros WHEN e.kind <> 'spend' THEN -e.amount_micros ELSE 0 END), 0) AS funded,
                 coalesce(sum(e.amount_micros) FILTER (WHERE e.from_account_id = l.id AND e.kind = 'spend'), 0) AS spent
            FROM ledger_transfers e WHERE e.to_account_id = l.id OR e.from_account_id = l.id
        ) t
       WHERE a.kind IN ${FUNDED} AND (l.id IS NULL OR a."limit" <> t.funded OR a.spent <> t.spent)`,
  ],
  [
    "reservations",
    Prisma.sql`
      SELECT format('account %s (%s): reserved %s and spent %s, but %s and %s by its payments and withdrawals', a.id, a.kind, a.reserved, a.spent, h.held, h.posted + w.withdrawn) AS detail
        FROM budget_accounts a, LATERAL (
          SELECT coalesce(sum(r.amount) FILTER (WHERE p.status IN ${OPEN_PAYMENT}), 0) AS held,
                 coalesce(sum(r.amount) FILTER (WHERE p.status = 'settled'), 0) AS posted
            FROM payment_reservations r JOIN payments p ON p.id = r.payment_id WHERE r.budget_account_id = a.id
        ) h, LATERAL (SELECT coalesce(sum(o.amount_micros), 0) AS withdrawn FROM payouts o WHERE o.day_account_id = a.id) w
       WHERE a.reserved <> h.held OR a.spent <> h.posted + w.withdrawn`,
  ],
  [
    "caps",
    Prisma.sql`SELECT format('account %s: %s reserved and %s spent of %s', id, reserved, spent, "limit") AS detail
      FROM budget_accounts WHERE reserved < 0 OR spent < 0 OR reserved + spent > "limit"`,
  ],
  [
    "spends",
    Prisma.sql`
      SELECT format('payment %s (%s): %s paid, %s in its entry', p.id, p.status, p.amount_micros, coalesce(e.amount_micros, 0)) AS detail
        FROM payments p FULL JOIN (SELECT * FROM ledger_transfers WHERE kind = 'spend') e ON e.payment_id = p.id
       WHERE (p.status = 'settled') IS DISTINCT FROM (e.id IS NOT NULL) OR (e.id IS NOT NULL AND e.amount_micros <> p.amount_micros)`,
  ],
  [
    "deposits",
    Prisma.sql`
      SELECT format('incoming payment %s (%s): %s paid, %s in its entry', i.id, i.status, i.amount_micros, coalesce(e.amount_micros, 0)) AS detail
        FROM incoming_payments i FULL JOIN (SELECT * FROM ledger_transfers WHERE kind = 'deposit' AND incoming_payment_id IS NOT NULL) e
          ON e.incoming_payment_id = i.id
       WHERE (i.status = 'settled') IS DISTINCT FROM (e.id IS NOT NULL) OR (e.id IS NOT NULL AND e.amount_micros <> i.amount_micros)`,
  ],
  [
    "payouts",
    Prisma.sql`
      SELECT format('%s %s (%s): %s owed, %s and %s in its entries', o.kind, o.id, o.status, o.amount_micros, coalesce(owed.amount_micros, 0), coalesce(paid.amount_micros, 0)) AS detail
        FROM payouts o LEFT JOIN ledger_transfers owed ON owed.payout_id = o.id AND owed.kind = o.kind
        LEFT JOIN ledger_transfers paid ON paid.payout_id = o.id AND paid.kind = 'payout'
       WHERE owed.amount_micros IS DISTINCT FROM o.amount_micros
          OR paid.amount_micros IS DISTINCT FROM CASE WHEN o.status = 'settled' THEN o.amount_micros END`,
  ],
  [
    "payouts",
    Prisma.sql`
      SELECT format('direct payment %s: its payment to the upstream is %s, %s refunded, %s kept as a fee', i.id, p.status, coalesce(o.amount_micros, 0), coalesce(f.amount_micros, 0)) AS detail
        FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
        LEFT JOIN payouts o ON o.incoming_payment_id = i.id
        LEFT JOIN ledger_transfers f ON f.incoming_payment_id = i.id AND f.kind = 'fee'
       WHERE coalesce(o.amount_micros, 0) <> CASE WHEN i.closed AND p.status <> 'settled' THEN i.amount_micros ELSE 0 END
          OR coalesce(f.amount_micros, 0) <> CASE WHEN i.closed AND p.status = 'settled' THEN i.fee_micros ELSE 0 END`,
  ],
];

/** Findings of one check that are listed. */
const MAX_FINDINGS = 100;

async function findContradictions(db: Queries): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, query] of CONTRADICTIONS) {
    const rows = await db.$queryRaw<{ detail: string }[]>(
      Prisma.sql`${query} LIMIT ${Prisma.raw(String(MAX_FINDINGS))}`,
    );
    findings.push(...rows.map(({ detail }) => ({ check, detail })));
  }
  return findings;
}
