import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toAppError } from "../../../src/api/response/error-body.ts";
import { Prisma } from "../../../src/platform/generated/prisma/client.ts";
import { createDatabaseClient } from "../../../src/platform/postgres/client.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, untilRunning } from "../../support/database.ts";
import { Gate } from "../../support/gate.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const codeOf = async (query: Promise<unknown>): Promise<string> =>
  toAppError(
    await query.then(
      () => undefined,
      (error: unknown) => error,
    ),
  ).code;

/** Errors as the real client throws them: their shapes are its own business, and change with its versions. */
describe("a database that", () => {
  it("isn't there, or doesn't exist", async () => {
    const nowhere = createDatabaseClient({ url: "postgresql://nobody@127.0.0.1:1/none" });
    expect(await codeOf(nowhere.$queryRaw`SELECT 1`)).toBe("service_unavailable");
    expect(await codeOf(nowhere.user.findFirst())).toBe("service_unavailable");
    expect(await codeOf(nowhere.$transaction(async (tx) => tx.user.count()))).toBe("service_unavailable");
    await nowhere.$disconnect();
  });

  it("ends the connection in the middle of a query, or of a transaction", async () => {
    const client = createDatabaseClient({ url: database.url });
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    const endOthers = () =>
      admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
    const query = codeOf(client.$queryRaw`SELECT pg_sleep(25)::text`);
    await untilRunning(database.db, "pg_sleep");
    await endOthers();
    expect(await query).toBe("service_unavailable");

    const transaction = codeOf(
      client.$transaction(async (tx) => {
        await tx.user.count();
        await endOthers();
        await tx.user.count();
      }),
    );
    expect(await transaction).toBe("service_unavailable");
    await admin.end();
    await client.$disconnect();
  });

  it("undoes one of two transactions that wait for each other, or one that stands still", async () => {
    const client = createDatabaseClient({ url: database.url });
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
    // The other one goes through, which is no error and so reads as a bug here.
    expect((await Promise.all(both)).sort()).toEqual(["internal_error", "service_unavailable"]);

    const still = new Gate();
    const standing = codeOf(
      client.$transaction(
        async (tx) => {
          await tx.user.count();
          await still.pass();
          await tx.user.count();
        },
        { timeout: 60_000 },
      ),
    );
    await still.arrived();
    await sleep(4_000);
    still.open();
    expect(await standing).toBe("service_unavailable");
    await client.$disconnect();
  });

  it("has no connection left", async () => {
    const client = createDatabaseClient({ url: database.url, poolSize: 1 });
    const busy = client.$queryRaw`SELECT pg_sleep(7)::text`.then(() => "done");
    await untilRunning(database.db, "pg_sleep");
    expect(await codeOf(client.$queryRaw`SELECT 1`)).toBe("service_unavailable");
    expect(await busy).toBe("done");
    await client.$disconnect();
  });
});

it("a query that is wrong is a bug of ours, not an outage", async () => {
  expect(await codeOf(database.db.$queryRaw`SELECT nothing FROM nowhere`)).toBe("internal_error");
  expect(await codeOf(database.db.$queryRaw`SELECT 1 / 0`)).toBe("internal_error");
});
