// `npm run bench:admissions`: how many calls a second reserve money, against PostgreSQL's own `pgbench`, which does nothing
// but the conditional update of one row, on the same server and in turns. Once all calls take from one campaign, and once
// from a thousand, chosen at random. Each call takes from five accounts: campaign, session, grant, the user's calls on the
// campaign, and the day's outflow.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reserve } from "../src/core/money/reservation/index.ts";
import { Batches } from "../src/core/protocol/batches.ts";
import { migrateDeploy } from "../src/platform/postgres/migrate.ts";
import { createPool } from "../src/platform/postgres/pool.ts";
import { createSqlPool } from "../src/platform/postgres/sql-pool.ts";
import type { PostgresServer } from "../src/sandbox/postgres/postgres.ts";
import { startPostgres } from "../src/sandbox/postgres/postgres.ts";
import type { Claimed, Payer } from "../test/support/admissions.ts";
import { admissionOf, Admissions, PLENTY } from "../test/support/admissions.ts";
import { atOnce } from "../test/support/at-once.ts";
import { MIGRATIONS } from "../test/support/database.ts";
import { findProgram } from "../test/support/programs.ts";
import { medianOf } from "./figures.ts";
import { report, roundsOr, secondsOr } from "./report.ts";

const ROUNDS = roundsOr(5);
/** pgbench takes whole ones. */
const SECONDS = Math.ceil(secondsOr(2));
const CALLERS = 32;
/** In turns: one user may have a hundred undecided payments on a campaign, and here none is decided in a round. */
const PEOPLE = 256;
const CAMPAIGNS = 1_000;
/** More than a round can use. */
const CLAIMS_A_SECOND = 12_000;

const HOT_TARGET = 2.4;
const SPREAD_TARGET = 0.25;

const directory = mkdtempSync(path.join(tmpdir(), "tollfree-bench-"));
let server: PostgresServer;
let admissions: Admissions;
beforeAll(async () => {
  server = await startPostgres({ directory, log: () => undefined });
  await migrateDeploy({ connectionString: server.url(), directory: MIGRATIONS });
  admissions = await Admissions.prepare(server.url(), {
    callers: PEOPLE,
    campaigns: CAMPAIGNS + 1,
    maxCalls: 1_000_000_000,
  });
  // Opened once for each pair, and then found.
  await admissions.query(`
    INSERT INTO budget_accounts (kind, unit, "limit", campaign_id, user_id)
    SELECT 'user_campaign', 'calls', max_calls_per_user, c.id, u.id FROM campaigns c, users u`);
  await admissions.query(`
    CREATE TABLE bare (id int PRIMARY KEY, "limit" bigint NOT NULL, reserved bigint NOT NULL, spent bigint NOT NULL,
                       CHECK (reserved >= 0 AND spent >= 0 AND reserved + spent <= "limit"))`);
  await admissions.query(
    `INSERT INTO bare SELECT i, ${PLENTY}, 0, 0 FROM generate_series(1, ${CAMPAIGNS}) i`,
  );
});
afterAll(async () => {
  await server.stop();
});

/** Reserves for some seconds. Returns the calls a second. */
async function measure(batches: Batches, claims: readonly Claimed[], payerOf: () => Payer): Promise<number> {
  const started = performance.now();
  const until = started + SECONDS * 1_000;
  let done = 0;
  await atOnce(CALLERS, async (n) => {
    for (let at = n; performance.now() < until; at += CALLERS) {
      const claimed = claims[at];
      if (claimed === undefined) throw new Error("a round needs more claims");
      const result = await reserve(batches, admissionOf(claimed, payerOf(), 1n, { dayCapMicros: PLENTY }));
      if (result.kind !== "reserved") throw new Error(`refused: ${JSON.stringify(result)}`);
      done += 1;
    }
  });
  return (done * 1_000) / (performance.now() - started);
}

/** Ends all payments, as in life each ends within seconds. Else their sums would grow with every round. */
async function endAll(): Promise<void> {
  await admissions.query(`UPDATE payments SET status = 'void' WHERE status = 'reserved'`);
  await admissions.query(`UPDATE budget_accounts SET reserved = 0 WHERE reserved > 0`);
  await admissions.query("VACUUM ANALYZE payments, budget_accounts, idempotency_keys, bare");
}

const pgbench = (script: string): number => {
  const file = path.join(directory, "script.sql");
  writeFileSync(file, script);
  const output = execFileSync(
    findProgram({ names: ["pgbench"], package: "postgresql" }),
    [
      ...["-n", "-M", "prepared", "-c", String(CALLERS), "-j", "1", "-T", String(SECONDS), "-f", file],
      server.url(),
    ],
    {
      ...{ encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
      // As reservations are, which leave the flush to the signature.
      // eslint-disable-next-line no-restricted-properties -- a bench has no configuration
      env: { ...process.env, PGOPTIONS: "-c synchronous_commit=off" },
    },
  );
  return Number(/tps = ([\d.]+)/.exec(output)?.[1]);
};
const UPDATE = `UPDATE bare SET reserved = reserved + 1 WHERE id = :id AND reserved + spent + 1 <= "limit";`;

test("reservations", async () => {
  const pool = createPool({ url: server.url(), size: 5 });
  const batches = new Batches(createSqlPool(pool));
  const callers = Array.from({ length: CLAIMS_A_SECOND * SECONDS }, (_, n) => admissions.callers[n % PEOPLE]);
  const [hotPayer, ...payers] = admissions.payers;
  if (hotPayer === undefined) throw new Error("no campaign");
  const anyPayer = (): Payer => payers[Math.floor(Math.random() * payers.length)] ?? hotPayer;

  const rates = { hot: [], row: [], spread: [], rows: [] } as Record<
    "hot" | "row" | "spread" | "rows",
    number[]
  >;
  const round = async (payerOf: () => Payer): Promise<number> => {
    const claims = await admissions.claim(callers.flatMap((caller) => caller ?? []));
    const rate = await measure(batches, claims, payerOf);
    await endAll();
    return rate;
  };
  await round(anyPayer); // plans
  for (let n = 0; n < ROUNDS; n++) {
    rates.hot.push(await round(() => hotPayer));
    rates.row.push(pgbench(`\\set id 1\n${UPDATE}`));
    rates.spread.push(await round(anyPayer));
    rates.rows.push(pgbench(`\\set id random(1, ${CAMPAIGNS})\n${UPDATE}`));
    process.stdout.write(`round ${n + 1} of ${ROUNDS}\n`);
  }
  await pool.end();
  const ratio = (ours: readonly number[], theirs: readonly number[]): number =>
    medianOf(ours.map((rate, n) => rate / (theirs[n] ?? NaN)));
  const hot = ratio(rates.hot, rates.row);
  const spread = ratio(rates.spread, rates.rows);
  const rounded = (list: readonly number[]): number => Math.round(medianOf(list));
  console.table({
    "one campaign": { ours: rounded(rates.hot), pgbench: rounded(rates.row), ratio: hot, target: HOT_TARGET },
    "a thousand": {
      ours: rounded(rates.spread),
      pgbench: rounded(rates.rows),
      ratio: spread,
      target: SPREAD_TARGET,
    },
  });
  const row = { unit: "×", measured: hot, target: { atLeast: HOT_TARGET } };
  report({ ...row, what: "reservations a second, one campaign", against: "pgbench, one row" });
  report({
    ...row,
    what: `reservations a second, ${CAMPAIGNS} campaigns`,
    against: `pgbench, ${CAMPAIGNS} rows`,
    measured: spread,
    target: { atLeast: SPREAD_TARGET },
  });
  expect(hot).toBeGreaterThan(0);
  expect(spread).toBeGreaterThan(0);
});
