import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabaseClient } from "../../../src/platform/postgres/client.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, untilRunning } from "../../support/database.ts";
import { Gate } from "../../support/gate.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database.close();
});

describe("values in tagged templates", () => {
  const ids = ["6f1d8f3e-6f5c-4f57-9a55-0d3c1d1c7a10", "0b9f6f0a-58a5-4a0e-8a4e-5f2b9a4f7c21"];

  it.each([
    ["bigint", "bigint", 9_007_199_254_740_993n],
    ["uuid", "uuid", ids[0]],
    ["boolean", "boolean", true],
    ["null", "uuid", null],
    ["bytea", "bytea", Uint8Array.from([0, 1, 254, 255])],
    ["jsonb", "jsonb", { a: [1, { b: null }] }],
    ["timestamptz", "timestamptz", new Date("2026-01-02T03:04:05.678Z")],
    ["text[]", "text[]", ["a", `b"c,{}\\`, "NULL", ""]],
    ["uuid[]", "uuid[]", ids],
    ["bigint[]", "bigint[]", [1n, 9_007_199_254_740_993n]],
    ["empty uuid[]", "uuid[]", []],
  ])("%s arrives and comes back as it was", async (_name, type, value) => {
    // A typed placeholder is part of the SQL, so there is one statement a type.
    const statements: Record<string, () => Promise<{ value: unknown }[]>> = {
      bigint: () => database.db.$queryRaw`SELECT ${value}::bigint AS value`,
      uuid: () => database.db.$queryRaw`SELECT ${value}::uuid AS value`,
      boolean: () => database.db.$queryRaw`SELECT ${value}::boolean AS value`,
      bytea: () => database.db.$queryRaw`SELECT ${value}::bytea AS value`,
      jsonb: () => database.db.$queryRaw`SELECT ${value}::jsonb AS value`,
      timestamptz: () => database.db.$queryRaw`SELECT ${value}::timestamptz AS value`,
      "text[]": () => database.db.$queryRaw`SELECT ${value}::text[] AS value`,
      "uuid[]": () => database.db.$queryRaw`SELECT ${value}::uuid[] AS value`,
      "bigint[]": () => database.db.$queryRaw`SELECT ${value}::bigint[] AS value`,
    };
    expect(await statements[type]?.()).toEqual([{ value }]);
  });

  it("arrays of several columns are unnested together", async () => {
    const amounts = [5n, 7n];
    const rows = await database.db.$queryRaw`
      SELECT id, amount FROM unnest(${ids}::uuid[], ${amounts}::bigint[]) AS held(id, amount) ORDER BY amount`;
    expect(rows).toEqual(ids.map((id, i) => ({ id, amount: amounts[i] })));
  });
});

describe("time", () => {
  it("is UTC, whatever the server's or the URL's time zone is", async () => {
    const url = new URL(database.url);
    url.searchParams.set("options", "-c TimeZone=Asia/Tokyo");
    const db = createDatabaseClient({ url: url.href });
    const at = new Date("2026-01-02T03:04:05.678Z");
    const rows = await db.$queryRaw<{ epoch: number; read: Date; now: Date }[]>`
      SELECT extract(epoch FROM ${at}::timestamptz)::float8 AS epoch, ${at}::timestamptz AS read, now() AS now`;
    await db.$disconnect();
    expect(rows[0]).toMatchObject({ epoch: at.getTime() / 1000, read: at });
    expect(Math.abs(Date.now() - (rows[0]?.now.getTime() ?? 0))).toBeLessThan(60_000);
  });
});

describe("statements", () => {
  it("are named up to a limit, and work beyond it", async () => {
    const { db } = database;
    for (let length = 1; length <= 520; length++) {
      const id = { in: Array.from({ length }, () => "6f1d8f3e-6f5c-4f57-9a55-0d3c1d1c7a10") };
      expect(await db.user.findMany({ where: { id } })).toEqual([]);
    }
    const rows = await db.$queryRaw<{ named: number }[]>`
      SELECT count(*)::int AS named FROM pg_prepared_statements WHERE statement LIKE '%FROM "public"."users"%'`;
    expect(rows[0]?.named).toBeGreaterThan(100);
    expect(rows[0]?.named).toBeLessThanOrEqual(500);
  });
});

it("what a transaction holds is let go when it stands still, since its process may be frozen", async () => {
  const frozen = createDatabaseClient({ url: database.url });
  const still = new Gate();
  const standing = frozen.$transaction(
    async (tx) => {
      await tx.$executeRaw`LOCK TABLE users IN EXCLUSIVE MODE`;
      await still.pass();
      await tx.user.count();
    },
    { timeout: 60_000 },
  );
  const failing = expect(standing).rejects.toThrow();
  await still.arrived();
  expect(await database.db.$executeRaw`UPDATE users SET region = region`).toBe(0);
  still.open();
  await failing;
  await frozen.$disconnect();
});

describe("a database that goes away", () => {
  it("fails queries, not the process, and is used again when it is back", async () => {
    const lost: string[] = [];
    const log = {
      info: () => undefined,
      warn: (_: object, text: string) => lost.push(text),
      error: () => undefined,
    };
    const victim = createDatabaseClient({ url: database.url, poolSize: 2, log });
    const killVictims = (): Promise<number> =>
      database.db.$executeRaw`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`;

    // Between two queries.
    await victim.user.count();
    await killVictims();
    await expect.poll(() => lost.length).toBeGreaterThan(0);
    expect(await victim.user.count()).toBe(0);

    // During a query.
    const sleeping = expect(victim.$queryRaw`SELECT pg_sleep(30)::text`).rejects.toThrow(
      /terminating connection/,
    );
    await untilRunning(database.db, "pg_sleep");
    await killVictims();
    await sleeping;

    // Inside a transaction, between its queries.
    const transaction = victim.$transaction(async (tx) => {
      await tx.user.count();
      await killVictims();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await tx.user.count();
    });
    await expect(transaction).rejects.toThrow();

    expect(await victim.user.count()).toBe(0);
    await victim.$disconnect();
  });

  it("answers within seconds when nothing listens", async () => {
    const db = createDatabaseClient({ url: "postgresql://nobody@127.0.0.1:1/none" });
    await expect(db.user.count()).rejects.toMatchObject({ code: "P1001" });
    await db.$disconnect();
  });
});
