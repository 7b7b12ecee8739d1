import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { recordAnonymousCalls } from "../../src/app/jobs/record-anonymous-calls.ts";
import { startJob } from "../../src/app/jobs/run-job.ts";
import type { AnonymousCall } from "../../src/core/observability/audit/index.ts";
import { insertCountedCalls } from "../../src/core/observability/audit/index.ts";
import type { AnonymousCalls } from "../../src/platform/observability/anonymous-calls.ts";
import { createAnonymousCalls } from "../../src/platform/observability/anonymous-calls.ts";
import { createLog } from "../../src/platform/observability/log.ts";
import { createPool } from "../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../src/platform/postgres/sql-pool.ts";
import { watchLines } from "../support/canaries.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, runSql } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";

/** The counter and its job, on a database that takes no rows for a while. */

let database: TestDatabase;
let calls: AnonymousCalls;
beforeAll(async () => {
  database = await createDatabase();
  const pool = createPool({ url: database.serverUrl });
  const sql = createSqlPool(pool);
  calls = createAnonymousCalls({ insert: (rows) => insertCountedCalls(sql, rows) });
  return () => pool.end();
});
afterAll(() => database.close());

const refuseRows = () => runSql(database.url, "REVOKE INSERT ON agent_audit_logs FROM tollfree_app");
const takeRows = () => runSql(database.url, "GRANT INSERT ON agent_audit_logs TO tollfree_app");

const callOf = (client: string): AnonymousCall => ({
  ...{ client, surface: "agent", operation: "agent_auth", responseStatus: 401, errorCode: "unauthorized" },
});

/** Starts the job with short pauses. Returns what it logs, and its stop. */
function start({ everyMs }: { everyMs: number }) {
  const log = watchLines();
  const logger = createLog({ level: "info", destination: log });
  const job = startJob({ ...recordAnonymousCalls({ log: logger }, calls.flush), everyMs }, logger);
  onTestFinished(() => job.stop());
  return { stop: () => job.stop(), logged: () => log.lines.join("") };
}

const countOf = async (client: string): Promise<number[]> =>
  (await database.db.agentAuditLog.findMany({ where: { client } })).map((row) => row.calls);

test("counts that couldn't be stored are stored by a later round, once", async () => {
  await refuseRows();
  calls.count(callOf("first"));
  const job = start({ everyMs: 10 });
  await eventually(() => expect(job.logged()).toContain("anonymous_calls_unrecorded"));
  calls.count(callOf("second"));
  expect(await countOf("first")).toEqual([]);
  await takeRows();
  await eventually(async () => expect(await countOf("second")).toEqual([1]));
  await job.stop();
  expect([await countOf("first"), await countOf("second")]).toEqual([[1], [1]]);
});

test("what is counted when the server stops is stored then", async () => {
  const job = start({ everyMs: 3_600_000 });
  calls.count(callOf("last"));
  calls.count(callOf("last"));
  await job.stop();
  expect(await countOf("last")).toEqual([2]);
});

test("counts that can't be stored when the server stops are lost, which is logged, and the server stops", async () => {
  const job = start({ everyMs: 3_600_000 });
  await refuseRows();
  calls.count(callOf("lost"));
  await job.stop();
  expect(job.logged()).toContain("anonymous_calls_lost");
  await takeRows();
});
