// `npm run bench:audit-pages`: how pages of an agent's calls get slower as the log grows. A grant holds one call of a hundred, over
// 100,000 calls and over ten million (AUDIT_ROWS). Filling takes some minutes.
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSuccess } from "../test/support/call.ts";
import { runSql } from "../test/support/database.ts";
import { useWorld } from "../test/support/use-world.ts";
import { quantile } from "./figures.ts";
import { report } from "./report.ts";

const SMALL = 100_000;
// eslint-disable-next-line no-restricted-properties -- a bench has no configuration
const LARGE = Number(process.env["AUDIT_ROWS"] ?? 10_000_000);
const CALLS_OF_GRANT = 0.01;
const OTHER_GRANTS = 1_000;
const INSERTED_AT_ONCE = 1_000_000;
const ROUNDS = 200;
/** What a page may take at most, compared with the small log. */
const MOST_GROWTH = 1.5;

const world = useWorld();
let token: string;
let grantId: string;

beforeAll(async () => {
  const grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
  grantId = grant.grant_id;
  await runSql(
    world.database.url,
    `CREATE TABLE others AS SELECT n, gen_random_uuid() AS id FROM generate_series(0, ${OTHER_GRANTS - 1}) n`,
  );
});

// The world looks through all that is stored, as one text, when it ends.
afterAll(() =>
  runSql(world.database.url, "SET session_replication_role = replica; TRUNCATE agent_audit_logs"),
);

/** Adds calls, of which the newest are the last. */
async function addCalls(from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += INSERTED_AT_ONCE)
    await runSql(
      world.database.url,
      `INSERT INTO agent_audit_logs (grant_id, surface, operation, endpoint, request_summary, response_status, created_at)
       SELECT CASE WHEN calls.n % ${1 / CALLS_OF_GRANT} = 0 THEN '${grantId}' ELSE others.id END, 'agent', 'agent_run_service', '/agent/services/weather/run', '{}', 200,
              now() - interval '2 days' + calls.n * interval '15 milliseconds'
         FROM generate_series(${start}, ${Math.min(to, start + INSERTED_AT_ONCE) - 1}) calls (n) JOIN others ON others.n = calls.n % ${OTHER_GRANTS}`,
    );
  await runSql(world.database.url, "VACUUM ANALYZE agent_audit_logs");
}

interface Page {
  next_cursor: string;
  total_count: number;
}

const readPage = async (input: Record<string, unknown>): Promise<Page> =>
  expectSuccess(await world.call("agent.auditHistory", { limit: 50, ...input }, token));

/** The times of first pages and of those after them, in milliseconds. */
async function timePages(): Promise<Record<"first" | "next", number[]>> {
  const times = { first: [] as number[], next: [] as number[] };
  const timed = async (kind: "first" | "next", input: Record<string, unknown>): Promise<Page> => {
    const started = performance.now();
    const page = await readPage(input);
    times[kind].push(performance.now() - started);
    return page;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = await timed("first", {});
    await timed("next", { cursor: first.next_cursor });
  }
  return times;
}

test("a page of calls takes about as long in a large log as in a small one", async () => {
  await addCalls(0, SMALL);
  await timePages();
  const before = await timePages();
  await addCalls(SMALL, LARGE);
  await timePages();
  const after = await timePages();
  const table = (["first", "next"] as const).map((kind) => {
    const [p50, p99] = [0.5, 0.99].map((share) => [
      quantile(before[kind], share),
      quantile(after[kind], share),
    ]);
    return { kind, p50, p99, growth: (p50?.[1] ?? NaN) / (p50?.[0] ?? NaN) };
  });
  console.table(
    table.map(({ kind, p50 = [], p99 = [], growth }) => ({
      page: kind,
      [`p50 of ${SMALL}, ms`]: p50[0]?.toFixed(1),
      [`p50 of ${LARGE}, ms`]: p50[1]?.toFixed(1),
      [`p99 of ${LARGE}, ms`]: p99[1]?.toFixed(1),
      "times as long": growth.toFixed(2),
    })),
  );
  for (const { kind, growth } of table)
    report({
      what: `audit page of a grant with 1 % of ${LARGE} calls, ${kind}`,
      against: `itself at ${SMALL}`,
      measured: growth,
      unit: "×",
      target: { atMost: MOST_GROWTH },
    });
  for (const { kind, growth } of table) expect.soft(growth, kind).toBeLessThanOrEqual(MOST_GROWTH);
}, 1_800_000);
