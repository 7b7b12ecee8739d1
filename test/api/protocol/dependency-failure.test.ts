import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toAppError } from "../../../src/api/response/error-body.ts";
import { Prisma } from "../../../src/platform/generated/prisma/client.ts";
import { createDatabaseClient } from "../../../src/platform/postgres/client.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, runSql, untilRunning } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

/** The error code that a caller gets for a query that fails. */
const codeOf = async (query: Promise<unknown>): Promise<string> =>
  toAppError(
    await query.then(
      () => undefined,
      (error: unknown) => error,
    ),
  ).code;

async function withClient(
  use: (client: ReturnType<typeof createDatabaseClient>) => Promise<void>,
  poolSize = 10,
): Promise<void> {
  const client = createDatabaseClient({ url: database.url, size: poolSize });
  await use(client).finally(() => client.$disconnect());
}

/** Ends all connections of the database but the one that does it. */
const endConnections = (): Promise<void> =>
  runSql(
    database.url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );

/** Resolves when PostgreSQL has ended every transaction that does nothing. */
const untilNoneIsIdle = (): Promise<void> =>
  eventually(async () => {
    const idle = await database.db.$queryRaw`
      SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`;
    expect(idle).toEqual([]);
  });

/** The errors come from the real client, since their shapes may change with its versions. */
describe("a failing database", () => {
  it("a query to a database that can't be reached is service_unavailable", async () => {
    const nowhere = createDatabaseClient({ url: "postgresql://nobody@127.0.0.1:1/none" });
    expect(await codeOf(nowhere.$queryRaw`SELECT 1`)).toBe("service_unavailable");
    expect(await codeOf(nowhere.user.findFirst())).toBe("service_unavailable");
    expect(await codeOf(nowhere.$transaction(async (tx) => tx.user.count()))).toBe("service_unavailable");
    await nowhere.$disconnect();
  });

  it("a query whose connection ends is service_unavailable", () =>
    withClient(async (client) => {
      const query = codeOf(client.$queryRaw`SELECT pg_sleep(25)::text`);
      await untilRunning(database.db, "pg_sleep");
      await endConnections();
      expect(await query).toBe("service_unavailable");
    }));

  it("a transaction whose connection ends is service_unavailable", () =>
    withClient(async (client) => {
      const transaction = client.$transaction(async (tx) => {
        await tx.user.count();
        await endConnections();
        await tx.user.count();
      });
      expect(await codeOf(transaction)).toBe("service_unavailable");
    }));

  it("of two transactions in a deadlock, one succeeds and the other is service_unavailable", () => {
    database.expectedDeadlocks = 1;
    return withClient(async (client) => {
      const lock = (name: string): Prisma.Sql =>
        Prisma.sql`SELECT pg_advisory_xact_lock(hashtext(${name}))::text`;
      const gates = { first: new Gate(), second: new Gate() };
      const both = (["first", "second"] as const).map((own) =>
        codeOf(
          client.$transaction(async (tx) => {
            await tx.$queryRaw(lock(own));
            await gates[own].pass();
            await tx.$queryRaw(lock(own === "first" ? "second" : "first"));
          }),
        ),
      );
      for (const gate of Object.values(gates)) await gate.arrived();
      for (const gate of Object.values(gates)) gate.open();
      // The other transaction succeeds. `codeOf` makes an internal_error of its missing error.
      expect((await Promise.all(both)).sort()).toEqual(["internal_error", "service_unavailable"]);
    });
  });

  it("a transaction that PostgreSQL ends after doing nothing for too long is service_unavailable", () =>
    withClient(async (client) => {
      const gate = new Gate();
      const idle = codeOf(
        client.$transaction(
          async (tx) => {
            await tx.user.count();
            await gate.pass();
            await tx.user.count();
          },
          { timeout: 60_000 },
        ),
      );
      await gate.arrived();
      await untilNoneIsIdle();
      gate.open();
      expect(await idle).toBe("service_unavailable");
    }));

  it("a query that gets no connection from its pool is service_unavailable", () =>
    withClient(async (client) => {
      const busy = client.$queryRaw`SELECT pg_sleep(7)::text`.then(() => "done");
      await untilRunning(database.db, "pg_sleep");
      expect(await codeOf(client.$queryRaw`SELECT 1`)).toBe("service_unavailable");
      expect(await busy).toBe("done");
    }, 1));
});

it("a wrong query is an internal_error, not service_unavailable", async () => {
  expect(await codeOf(database.db.$queryRaw`SELECT nothing FROM nowhere`)).toBe("internal_error");
  expect(await codeOf(database.db.$queryRaw`SELECT 1 / 0`)).toBe("internal_error");
});
