import { randomUUID } from "node:crypto";
import type { Admission } from "../../src/core/money/reservation/admission.ts";
import type { Reservation } from "../../src/core/money/reservation/index.ts";
import { reserve } from "../../src/core/money/reservation/index.ts";
import { Batches } from "../../src/core/protocol/batches.ts";
import { createPool } from "../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../src/platform/postgres/sql-pool.ts";
import { queryRows } from "./database.ts";

/** Enough that no cap is ever reached. */
export const PLENTY = 9_000_000_000_000n;

/** Who calls: a user with a grant and a session. */
export interface Caller {
  userId: string;
  grantId: string;
  agentId: string;
  sessionId: string;
  sessionAccountId: string;
  grantAccountId: string;
}

export interface Payer {
  campaignId: string;
  sponsorId: string;
  accountId: string;
}

export interface Claimed {
  caller: Caller;
  key: string;
  claimId: string;
}

/** Callers, and campaigns whose tasks they have all completed, written as rows: thousands of both take a second. */
export class Admissions {
  readonly #url: string;
  readonly callers: Caller[];
  readonly payers: Payer[];

  private constructor(url: string, callers: Caller[], payers: Payer[]) {
    this.#url = url;
    this.callers = callers;
    this.payers = payers;
  }

  /** @param maxCalls how often each user may call on each campaign. Null: as often as they like */
  static async prepare(
    url: string,
    { callers, campaigns, maxCalls }: { callers: number; campaigns: number; maxCalls: number | null },
  ): Promise<Admissions> {
    const made = await queryRows(url, CALLERS, [callers, PLENTY.toString()]);
    const payers = await queryRows(url, CAMPAIGNS, [campaigns, PLENTY.toString(), maxCalls]);
    await queryRows(url, COMPLETIONS);
    await queryRows(url, "ANALYZE");
    return new Admissions(url, made as Caller[], payers as Payer[]);
  }

  query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return queryRows(this.#url, sql, values) as Promise<Record<string, unknown>[]>;
  }

  /** Claims a key for each of these calls. */
  async claim(callers: readonly Caller[]): Promise<Claimed[]> {
    const claimed = callers.map((caller): Claimed => ({ caller, key: randomUUID(), claimId: randomUUID() }));
    await this.query(
      `INSERT INTO idempotency_keys (grant_id, operation, key, request_digest, claim_id, claimed_until)
       SELECT g, 'run_service', k, '\\x00', c, now() + interval '1 hour' FROM unnest($1::uuid[], $2::text[], $3::uuid[]) u(g, k, c)`,
      [
        claimed.map(({ caller }) => caller.grantId),
        claimed.map(({ key }) => key),
        claimed.map(({ claimId }) => claimId),
      ],
    );
    return claimed;
  }

  /** What is stored of these payments, and of their keys. */
  async traces(payments: readonly Admission[]): Promise<Record<string, unknown> | undefined> {
    const [counts] = await this.query(
      `SELECT (SELECT count(*)::int FROM payments WHERE id = ANY($1)) AS payments,
              (SELECT count(*)::int FROM payment_reservations WHERE payment_id = ANY($1)) AS holds,
              (SELECT count(*)::int FROM payment_events WHERE payment_id = ANY($1)) AS events,
              (SELECT count(*)::int FROM idempotency_keys WHERE payment_id = ANY($1)) AS keys`,
      [payments.map(({ payment }) => payment.id)],
    );
    return counts;
  }

  /** What accounts have left, and what is reserved of them. */
  async balances(accountIds: readonly string[]): Promise<{ remaining: bigint; reserved: bigint }[]> {
    const rows = await this.query(
      `SELECT remaining::text, reserved::text FROM account_balances WHERE id = ANY($1) ORDER BY id`,
      [accountIds],
    );
    return rows.map(({ remaining, reserved }) => ({
      remaining: BigInt(String(remaining)),
      reserved: BigInt(String(reserved)),
    }));
  }

  /** Leaves these accounts so much to take. */
  async leave(accountIds: readonly string[], room: bigint): Promise<void> {
    await this.query(`UPDATE budget_accounts SET "limit" = reserved + spent + $2 WHERE id = ANY($1)`, [
      accountIds,
      room.toString(),
    ]);
  }
}

/** A replica has a queue and connections of its own. */
export function startReplica(url: string, size = 2): { batches: Batches; close: () => Promise<void> } {
  const pool = createPool({ url, size });
  return { batches: new Batches(createSqlPool(pool)), close: () => pool.end() };
}

/** Reserves in one batch. Returns the outcomes in the order of the calls. */
export async function reserveTogether(
  batches: Batches,
  calls: readonly Admission[],
): Promise<(Reservation | Error)[]> {
  const settled = await Promise.allSettled(calls.map((call) => reserve(batches, call)));
  return settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as Error)));
}

/** A call of the caller who claimed the key, on this campaign's money. */
export const admissionOf = (
  { caller, key, claimId }: Claimed,
  payer: Payer,
  amountMicros: bigint,
  { dayCapMicros, approvalId = null }: Partial<Pick<Admission, "dayCapMicros" | "approvalId">> = {},
): Admission => ({
  payment: {
    id: randomUUID(),
    service: "daylight",
    campaignId: payer.campaignId,
    sponsorId: payer.sponsorId,
    amountMicros,
    network: "eip155:84532",
    asset: `0x${"1".repeat(40)}`,
    payTo: `0x${"2".repeat(40)}`,
    agentId: caller.agentId,
    sessionId: caller.sessionId,
    grantId: caller.grantId,
    userId: caller.userId,
    inputDigest: new Uint8Array(32),
    claim: {
      ...{ grantId: caller.grantId, operation: "run_service", key, claimId },
      ...{ requestDigest: new Uint8Array(32), seconds: 60 },
    },
    idempotencyKey: key,
    quoteDigest: new Uint8Array(32),
  },
  payerAccountId: payer.accountId,
  sessionAccountId: caller.sessionAccountId,
  grantAccountId: caller.grantAccountId,
  approvalId,
  dayCapMicros,
});

const CALLERS = `
  WITH made AS MATERIALIZED (
    SELECT gen_random_uuid() AS user_id, gen_random_uuid() AS agent_id, gen_random_uuid() AS session_account, gen_random_uuid() AS grant_account
      FROM generate_series(1, $1::int)
  ), account AS (
    INSERT INTO budget_accounts (id, kind, "limit")
    SELECT session_account, 'session', $2::bigint FROM made UNION ALL SELECT grant_account, 'grant', $2::bigint FROM made
  ), person AS (
    INSERT INTO users (id, email, region, roles, tools_used) SELECT user_id, user_id || '@example.com', 'Portugal', '{}', '{}' FROM made
  ), agent AS (
    INSERT INTO agents (id, name) SELECT agent_id, 'Agent' FROM made
  ), granted AS (
    INSERT INTO grants (user_id, agent_id, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, expires_at)
    SELECT user_id, agent_id, '{}', '{}', '{}', grant_account, now() + interval '1 day' FROM made RETURNING id, user_id
  )
  SELECT made.user_id AS "userId", granted.id AS "grantId", made.agent_id AS "agentId", gen_random_uuid() AS "sessionId",
         made.session_account AS "sessionAccountId", made.grant_account AS "grantAccountId"
    FROM made JOIN granted ON granted.user_id = made.user_id`;

const CAMPAIGNS = `
  WITH made AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS sponsor_id, gen_random_uuid() AS account FROM generate_series(1, $1::int)
  ), account AS (
    INSERT INTO budget_accounts (id, kind, "limit") SELECT account, 'campaign', $2::bigint FROM made
  ), sponsor AS (
    INSERT INTO sponsors (id, name) SELECT sponsor_id, 'Acme' FROM made
  ), campaign AS (
    INSERT INTO campaigns (id, sponsor_id, name, target_roles, target_tools, required_task, task_type, task_description, task_schema,
                           task_data_types, required_data_types, purpose, subsidy_micros, max_calls_per_user, tags, budget_account_id, active)
    SELECT id, sponsor_id, 'Survey', '{}', '{}', 'One question', 'survey', 'How is it?', '{}', '{}', '{}', 'Research', 50000, $3::int, '{}', account, false FROM made
  )
  SELECT id AS "campaignId", sponsor_id AS "sponsorId", account AS "accountId" FROM made`;

const COMPLETIONS = `
  INSERT INTO task_completions (campaign_id, user_id, task_name, data_types) SELECT c.id, u.id, 'One question', '{}' FROM campaigns c, users u`;
