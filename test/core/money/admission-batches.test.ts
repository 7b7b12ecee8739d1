import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reserve } from "../../../src/core/money/reservation/index.ts";
import type { Caller, Claimed, Payer } from "../../support/admissions.ts";
import { admissionOf, Admissions, PLENTY, reserveTogether, startReplica } from "../../support/admissions.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, untilWaiting } from "../../support/database.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { Batches } from "../../../src/core/protocol/batches.ts";
import { createPool } from "../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../src/platform/postgres/sql-pool.ts";

/** Calls of one batch: each is admitted or refused for itself, and all are written, or none is. */

let database: TestDatabase;
let admissions: Admissions;
let replica: ReturnType<typeof startReplica>;
beforeAll(async () => {
  database = await createDatabase();
  admissions = await Admissions.prepare(database.url, { callers: 25, campaigns: 5, maxCalls: 1_000 });
  replica = startReplica(database.serverUrl);
});
afterAll(async () => {
  await replica.close();
  await database.close();
});

/** Callers and a campaign of a test's own. */
const take = (count: number): { callers: Caller[]; payer: Payer } => {
  const payer = admissions.payers.pop();
  if (payer === undefined || admissions.callers.length < count) throw new Error("prepare more");
  return { callers: admissions.callers.splice(0, count), payer };
};

test("of ten calls in one batch, each refused one is refused for its own reason, and the others are admitted", async () => {
  const { callers, payer } = take(10);
  const claims = await admissions.claim(callers);
  const [, lost, withdrawn, replaced, , , asked, , approved] = claims as Claimed[] & { length: 10 };
  if (!lost || !withdrawn || !replaced || !asked || !approved) throw new Error("no claims");
  await admissions.leave([payer.accountId], 11n);
  await admissions.query("UPDATE idempotency_keys SET claim_id = $1 WHERE key = $2", [
    randomUUID(),
    lost.key,
  ]);
  await admissions.query(
    "UPDATE task_completions SET withdrawn_at = now() WHERE campaign_id = $1 AND user_id = $2",
    [payer.campaignId, withdrawn.caller.userId],
  );
  const [newTerms] = await admissions.query(
    `WITH account AS (INSERT INTO budget_accounts (kind, "limit") VALUES ('grant', 10) RETURNING id), changed AS (
       UPDATE grants SET budget_account_id = account.id FROM account WHERE grants.id = $1
     ) SELECT id FROM account`,
    [replaced.caller.grantId],
  );
  await admissions.query(
    `INSERT INTO grant_rules (grant_id, kind, amount_micros) SELECT unnest($1::uuid[]), 'ask_above', 1`,
    [[asked.caller.grantId, approved.caller.grantId]],
  );
  const { agentId, userId, grantId } = approved.caller;
  const [yes] = await admissions.query(
    `INSERT INTO approvals (kind, agent_id, user_id, grant_id, requested, request_digest, user_code_hash, status, expires_at)
     VALUES ('budget', $1, $2, $3, '{}', '\\x00', '\\x00', 'approved', now() + interval '1 hour') RETURNING id`,
    [agentId, userId, grantId],
  );
  const approvalId = String(yes?.["id"]);
  await admissions.leave([approved.caller.sessionAccountId], 1n);
  const [foreign] = await admissions.query(
    `INSERT INTO budget_accounts (kind, "limit", network, asset) VALUES ('campaign', 10, 'eip155:1', '0x1') RETURNING id`,
  );

  const amounts = [4n, 1n, 1n, 1n, 8n, 1n, 2n, 1n, 2n, 1n];
  const calls = claims.map((claimed, n) => ({
    ...admissionOf(claimed, payer, amounts[n] ?? 1n),
    ...(n === 7 && { payerAccountId: String(foreign?.["id"]) }),
    ...(n === 8 && { approvalId }),
  }));
  expect(await reserveTogether(replica.batches, calls)).toEqual([
    { kind: "reserved" },
    { kind: "claim_lost" },
    { kind: "completion_withdrawn" },
    { kind: "grant_replaced", accountId: newTerms?.["id"] },
    // Eight, where seven are left: the first call took four.
    { kind: "insufficient", caps: ["payer"], dayAccountId: undefined },
    { kind: "reserved" },
    { kind: "above_rule" },
    expect.objectContaining({ message: expect.stringContaining("on another network") as string }),
    { kind: "reserved" },
    { kind: "reserved" },
  ]);
  const rows = await admissions.query(
    `SELECT id, approval_id, xmin::text AS transaction FROM payments WHERE id = ANY($1)`,
    [calls.map(({ payment }) => payment.id)],
  );
  const admitted = [0, 5, 8, 9].map((n) => calls[n]?.payment.id);
  expect(rows.map(({ id }) => id).sort()).toEqual(admitted.sort());
  expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(1);
  expect(rows.flatMap(({ approval_id }) => approval_id ?? [])).toEqual([approvalId]);
  // The approval raised the session's limit by the one micro that was missing.
  expect(
    await admissions.query("SELECT raised FROM payment_reservations WHERE budget_account_id = $1", [
      approved.caller.sessionAccountId,
    ]),
  ).toEqual([{ raised: "1" }]);
  expect(await admissions.balances([payer.accountId])).toEqual([{ remaining: 3n, reserved: 8n }]);
  await expectBooksToBalance(database.db);

  // It is good for one call of a batch.
  await admissions.query("UPDATE approvals SET consumed_at = NULL WHERE id = $1", [approvalId]);
  const twice = (await admissions.claim([approved.caller, approved.caller])).map((claimed) =>
    admissionOf(claimed, payer, 1n, { approvalId }),
  );
  expect(await reserveTogether(replica.batches, twice)).toEqual([
    { kind: "reserved" },
    { kind: "claim_lost" },
  ]);
  await expectBooksToBalance(database.db);
});

test("an exemption from a rule with room for three calls covers three of five in one batch", async () => {
  const { callers, payer } = take(1);
  const caller = callers[0] as Caller;
  await admissions.query(
    `INSERT INTO grant_rules (grant_id, kind, service, amount_micros, expires_at)
     VALUES ($1, 'ask_above', NULL, 1, NULL), ($1, 'dont_ask', 'daylight', 7, now() + interval '1 day')`,
    [caller.grantId],
  );
  const claims = await admissions.claim(Array.from({ length: 5 }, () => caller));
  const calls = claims.map((claimed) => admissionOf(claimed, payer, 2n));
  const kinds = (await reserveTogether(replica.batches, calls)).map(
    (result) => "kind" in result && result.kind,
  );
  expect(kinds).toEqual(["reserved", "reserved", "reserved", "above_rule", "above_rule"]);
  const paid = await database.db.payment.findMany({ where: { grantId: caller.grantId } });
  expect(paid.filter(({ ruleId }) => ruleId !== null)).toHaveLength(3);
});

test("a batch that PostgreSQL refuses for one call is made call by call, and the others are admitted", async () => {
  const { callers, payer } = take(4);
  const calls = (await admissions.claim(callers)).map((claimed) => admissionOf(claimed, payer, 1n));
  const [first, , third] = calls;
  if (first === undefined || third === undefined) throw new Error("no calls");
  third.payment.id = first.payment.id; // two payments can't have one id
  const results = await reserveTogether(replica.batches, calls);
  expect(results.map((result) => (result instanceof Error ? "failed" : result.kind))).toEqual([
    ...["reserved", "reserved", "failed", "reserved"],
  ]);
  expect(await admissions.balances([payer.accountId])).toMatchObject([{ reserved: 3n }]);
  expect(await admissions.traces(calls)).toEqual({ payments: 3, holds: 12, events: 3, keys: 3 });
  await expectBooksToBalance(database.db);
});

test("a connection that is lost after a batch was written, and before its commit, leaves nothing of it", async () => {
  const { callers, payer } = take(3);
  const calls = (await admissions.claim(callers)).map((claimed) => admissionOf(claimed, payer, 1n));
  const before = await admissions.balances([payer.accountId]);
  // A commit waits here.
  await admissions.query(`
    CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$`);
  await admissions.query(
    "CREATE CONSTRAINT TRIGGER hold_up AFTER INSERT ON payment_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_up()",
  );
  const pool = createPool({ url: database.url, size: 1 });
  const holder = await pool.connect();
  try {
    await holder.query("SELECT pg_advisory_lock(7)");
    const waiting = reserveTogether(replica.batches, calls);
    await untilWaiting(database.db, 1);
    await holder.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    for (const result of await waiting) expect(result).toBeInstanceOf(Error);
  } finally {
    holder.release(true);
    await pool.end();
    await admissions.query("DROP FUNCTION hold_up CASCADE");
  }
  expect(await admissions.traces(calls)).toEqual({ payments: 0, holds: 0, events: 0, keys: 0 });
  expect(await admissions.balances([payer.accountId])).toEqual(before);
  // The claims still hold, so the same calls are admitted now.
  expect(await reserveTogether(replica.batches, calls)).toEqual(calls.map(() => ({ kind: "reserved" })));
  expect(await admissions.traces(calls)).toEqual({ payments: 3, holds: 12, events: 3, keys: 3 });
});

test("a batch reads no whole table, although its statements were planned while the tables were almost empty", async () => {
  const fresh = await createDatabase();
  try {
    const few = await Admissions.prepare(fresh.url, { callers: 1, campaigns: 1, maxCalls: 1_000 });
    const [caller, payer] = [few.callers[0], few.payers[0]];
    if (caller === undefined || payer === undefined) throw new Error("nobody calls");
    const scans = (): Promise<unknown> =>
      few.query(`
        SELECT relname, seq_scan FROM pg_stat_user_tables
         WHERE relname IN ('idempotency_keys', 'payments', 'payment_reservations', 'task_completions', 'budget_accounts', 'grants', 'campaigns')
         ORDER BY 1`);
    // Each replica ends, since a connection reports its counts when it does.
    const reserveTimes = async (times: number): Promise<void> => {
      const { batches, close } = startReplica(fresh.serverUrl, 1);
      for (const claimed of await few.claim(Array.from({ length: times }, () => caller)))
        expect(await reserve(batches, admissionOf(claimed, payer, 1n, { dayCapMicros: PLENTY }))).toEqual({
          kind: "reserved",
        });
      await close();
    };
    await reserveTimes(1); // opens the day's account and the user's, not in a batch
    const before = await scans();
    await reserveTimes(8); // after five runs, PostgreSQL keeps one plan
    expect(await scans()).toEqual(before);
  } finally {
    await fresh.close();
  }
});

test("a lone call's statements are planned once, and not for each call", async () => {
  const { callers, payer } = take(1);
  const pool = createPool({ url: database.serverUrl, size: 1 });
  const batches = new Batches(createSqlPool(pool));
  for (const claimed of await admissions.claim(Array.from({ length: 8 }, () => callers[0] as Caller)))
    expect(await reserve(batches, admissionOf(claimed, payer, 1n))).toEqual({ kind: "reserved" });
  const { rows } = await pool.query(
    "SELECT name, custom_plans::int FROM pg_prepared_statements WHERE name LIKE 'reservation.%' ORDER BY name",
  );
  await pool.end();
  expect(rows).toEqual(
    ["find-caps", "read-facts", "reserve"].map((name) => ({ name: `reservation.${name}`, custom_plans: 0 })),
  );
});
