import { Prisma } from "../../platform/generated/prisma/client.ts";
import type { Database, Queries } from "../ports.ts";
import type { CheckName, Finding } from "./checks.ts";

/** A signed payment, as far as the chain can say something about it. */
export interface PaymentRecord {
  id: string;
  status: string;
  amount_micros: bigint;
  pay_to: string;
  nonce: string;
  tx_hash: string | null;
  /** From the evidence of its settling. */
  settled_block: bigint | null;
  /** Within the time that is asked about; others are only there to recognise their transfers. */
  asked: boolean;
}

export interface Books {
  /** What contradicts itself within the database. */
  findings: Finding[];
  payments: PaymentRecord[];
  accounts: number;
  entries: number;
  /** Micros in funded accounts that aren't spent. */
  unspent: bigint;
  /** The first block in which one of the payments can have moved money. */
  firstBlock: bigint | undefined;
}

/** Everything a proof needs, in one snapshot. */
export function readBooks(db: Database, sinceSeconds: number | undefined): Promise<Books> {
  return db.$transaction(
    async (tx) => {
      const payments = await readPayments(tx, sinceSeconds);
      const [totals] = await tx.$queryRaw<{ accounts: bigint; entries: bigint; unspent: bigint }[]>`
        SELECT (SELECT count(*) FROM budget_accounts) AS accounts, (SELECT count(*) FROM ledger_transfers) AS entries,
               (SELECT coalesce(sum("limit" - spent), 0)::bigint FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api')) AS unspent`;
      return {
        findings: await contradictions(tx),
        payments: payments.map(({ signed_at_block: _, ...payment }) => payment),
        accounts: Number(totals?.accounts ?? 0n),
        entries: Number(totals?.entries ?? 0n),
        unspent: totals?.unspent ?? 0n,
        firstBlock: payments
          .filter(({ asked }) => asked)
          .map(({ signed_at_block }) => signed_at_block)
          .reduce<bigint | undefined>(
            (first, block) => (first === undefined || block < first ? block : first),
            undefined,
          ),
      };
    },
    { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead, timeout: 120_000 },
  );
}

/** A payment's transfer can come this long after it was made: signatures are valid for minutes. */
const LATE_TRANSFER_SECONDS = 3_600;

function readPayments(
  db: Queries,
  sinceSeconds: number | undefined,
): Promise<(PaymentRecord & { signed_at_block: bigint })[]> {
  const younger = (seconds: number): Prisma.Sql =>
    Prisma.sql`p.created_at > now() - make_interval(secs => ${seconds}::int)`;
  const [asked, known] =
    sinceSeconds === undefined
      ? [Prisma.sql`true`, Prisma.sql`true`]
      : [younger(sinceSeconds), younger(sinceSeconds + LATE_TRANSFER_SECONDS)];
  return db.$queryRaw<(PaymentRecord & { signed_at_block: bigint })[]>`
    SELECT p.id, p.status, p.amount_micros, p.pay_to, lower(p.nonce) AS nonce, p.tx_hash, p.signed_at_block, ${asked} AS asked,
           (SELECT (e.evidence->>'block')::bigint FROM payment_events e WHERE e.payment_id = p.id AND e.to_status = 'settled') AS settled_block
      FROM payments p WHERE p.nonce IS NOT NULL AND ${known}`;
}

const OPEN = Prisma.sql`('reserved', 'signed', 'sent', 'unknown', 'refused')`;

/** Each query tells the rows that can't be. */
const CONTRADICTIONS: [CheckName, Prisma.Sql][] = [
  [
    "entries",
    Prisma.sql`
      SELECT format('account %s: limit %s, spent %s; by its entries %s and %s', a.id, a."limit", a.spent, t.funded, t.spent) AS detail
        FROM budget_accounts a LEFT JOIN ledger_accounts l ON l.budget_account_id = a.id, LATERAL (
          SELECT coalesce(sum(CASE WHEN e.to_account_id = l.id THEN e.amount_micros ELSE 0 END), 0) AS funded,
                 coalesce(sum(CASE WHEN e.from_account_id = l.id THEN e.amount_micros ELSE 0 END), 0) AS spent
            FROM ledger_transfers e WHERE e.to_account_id = l.id OR e.from_account_id = l.id
        ) t
       WHERE a.kind IN ('campaign', 'sponsored_api') AND (l.id IS NULL OR a."limit" <> t.funded OR a.spent <> t.spent)`,
  ],
  [
    "reservations",
    Prisma.sql`
      SELECT format('account %s (%s): reserved %s, spent %s; by its payments %s and %s', a.id, a.kind, a.reserved, a.spent, h.held, h.posted) AS detail
        FROM budget_accounts a, LATERAL (
          SELECT coalesce(sum(r.amount) FILTER (WHERE p.status IN ${OPEN}), 0) AS held,
                 coalesce(sum(r.amount) FILTER (WHERE p.status = 'settled'), 0) AS posted
            FROM payment_reservations r JOIN payments p ON p.id = r.payment_id WHERE r.budget_account_id = a.id
        ) h
       WHERE a.reserved <> h.held OR a.spent <> h.posted`,
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
];

async function contradictions(db: Queries): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, query] of CONTRADICTIONS) {
    const rows = await db.$queryRaw<{ detail: string }[]>(Prisma.sql`${query} LIMIT 100`);
    findings.push(...rows.map(({ detail }) => ({ check, detail })));
  }
  return findings;
}
