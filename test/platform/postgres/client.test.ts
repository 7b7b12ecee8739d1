import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabaseClient } from "../../../src/platform/postgres/client.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, runSql, untilRunning } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
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

  test.each([
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
  ])("a value of type %s in a tagged template comes back unchanged", async (_name, type, value) => {
    // The placeholder's type is part of the SQL. So each type needs its own statement.
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

  test("arrays in a tagged template are unnested as columns", async () => {
    const amounts = [5n, 7n];
    const rows = await database.db.$queryRaw`
      SELECT id, amount FROM unnest(${ids}::uuid[], ${amounts}::bigint[]) AS held(id, amount) ORDER BY amount`;
    expect(rows).toEqual(ids.map((id, i) => ({ id, amount: amounts[i] })));
  });
});

describe("timestamps", () => {
  test.each(["the database URL sets", "the database itself has"])(
    "timestamps are UTC also if %s another time zone",
    async (where) => {
      const url = new URL(database.url);
      if (where.startsWith("the database URL")) url.searchParams.set("options", "-c TimeZone=Asia/Tokyo");
      else
        await runSql(database.url, `ALTER DATABASE "${url.pathname.slice(1)}" SET TimeZone = 'Asia/Tokyo'`);
      const db = createDatabaseClient({ url: url.href });
      const at = new Date("2026-01-02T03:04:05.678Z");
      const rows = await db.$queryRaw<{ epoch: number; read: Date; now: Date }[]>`
      SELECT extract(epoch FROM ${at}::timestamptz)::float8 AS epoch, ${at}::timestamptz AS read, now() AS now`;
      await db.$disconnect();
      expect(rows[0]).toMatchObject({ epoch: at.getTime() / 1000, read: at });
      expect(Math.abs(Date.now() - (rows[0]?.now.getTime() ?? 0))).toBeLessThan(60_000);
    },
  );
});

describe("prepared statements", () => {
  test("at most 500 prepared statements are named, and queries beyond that limit still work", async () => {
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

test("a transaction that stands still is ended and its locks released, since its process may be frozen", async () => {
  const frozen = createDatabaseClient({ url: database.url });
  const gate = new Gate();
  const transaction = frozen.$transaction(
    async (tx) => {
      await tx.$executeRaw`LOCK TABLE users IN EXCLUSIVE MODE`;
      await gate.pass();
      await tx.user.count();
    },
    { timeout: 60_000 },
  );
  const failing = expect(transaction).rejects.toThrow();
  await gate.arrived();
  expect(await database.db.$executeRaw`UPDATE users SET region = region`).toBe(0);
  gate.open();
  await failing;
  await frozen.$disconnect();
});

describe("a database that goes away", () => {
  let victim: ReturnType<typeof createDatabaseClient>;
  let lost: string[];
  beforeEach(() => {
    lost = [];
    const log = {
      info: () => undefined,
      warn: (_: object, text: string) => lost.push(text),
      error: () => undefined,
    };
    victim = createDatabaseClient({ url: database.url, size: 2, log });
    return () => victim.$disconnect();
  });

  /** Terminates the victim's connections, and returns when PostgreSQL has ended them. */
  const killConnections = (): Promise<void> =>
    eventually(async () => {
      const killed = await database.db.$queryRaw`
        SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`;
      expect(killed).toEqual([]);
    });

  test("connections lost between two queries are logged and replaced", async () => {
    await victim.user.count();
    await killConnections();
    await expect.poll(() => lost.length).toBeGreaterThan(0);
    expect(await victim.user.count()).toBe(0);
  });

  test("a connection lost during a query fails that query only", async () => {
    const sleeping = expect(victim.$queryRaw`SELECT pg_sleep(30)::text`).rejects.toThrow(
      /terminating connection/,
    );
    await untilRunning(database.db, "pg_sleep");
    await killConnections();
    await sleeping;
    expect(await victim.user.count()).toBe(0);
  });

  test("a connection lost inside a transaction fails that transaction only", async () => {
    const transaction = victim.$transaction(async (tx) => {
      await tx.user.count();
      await killConnections();
      await tx.user.count();
    });
    await expect(transaction).rejects.toThrow();
    expect(await victim.user.count()).toBe(0);
  });

  test("a query fails within seconds when nothing listens at the database's address", async () => {
    const db = createDatabaseClient({ url: "postgresql://nobody@127.0.0.1:1/none" });
    await expect(db.user.count()).rejects.toMatchObject({ code: "P1001" });
    await db.$disconnect();
  });
});
