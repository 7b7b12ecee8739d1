import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEntry, CountedCalls } from "../../../../src/core/observability/audit/index.ts";
import {
  clientPseudonym,
  insertAuditEntries,
  insertCountedCalls,
} from "../../../../src/core/observability/audit/index.ts";
import { AesCipher } from "../../../../src/platform/cipher.ts";
import { createAuditWriter } from "../../../../src/platform/observability/audit-writer.ts";
import { createPool } from "../../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../../src/platform/postgres/sql-pool.ts";
import type { TestDatabase } from "../../../support/database.ts";
import { createDatabase } from "../../../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const openWriter = (count?: () => void) =>
  createAuditWriter({
    insert: (entries) => {
      count?.();
      return insertAuditEntries(database.sql, entries);
    },
  });

const entryOf = (grantId: string, fields: Partial<AuditEntry> = {}): AuditEntry => ({
  grantId,
  surface: "agent",
  operation: "agent_run_service",
  endpoint: "/agent/services/daylight/run",
  requestSummary: {},
  responseStatus: 200,
  ...fields,
});

const rowsOf = (grantId: string) => database.db.agentAuditLog.findMany({ where: { grantId } });

/** As anonymous calls are counted. */
const countedRow = (fields: Partial<CountedCalls> = {}): CountedCalls => ({
  id: randomUUID(),
  client: "a-client",
  surface: "agent",
  operation: "agent_flow_status",
  responseStatus: 401,
  errorCode: "unauthorized",
  calls: 7,
  since: new Date("2026-11-27T10:00:00.123Z"),
  until: new Date("2026-11-27T10:05:00.456Z"),
  ...fields,
});

describe("counted calls in PostgreSQL", () => {
  it("counted calls are stored as one row, which is there once even if it is inserted again", async () => {
    const row = countedRow();
    await insertCountedCalls(database.sql, [row]);
    await insertCountedCalls(database.sql, [row, countedRow({ client: "another" })]);
    const stored = await database.db.agentAuditLog.findMany({ where: { client: "a-client" } });
    expect(stored).toEqual([
      {
        id: row.id,
        ...{ agentSessionId: null, grantId: null, agentId: null, userId: null },
        ...{ surface: "agent", operation: "agent_flow_status", endpoint: "*", requestSummary: {} },
        ...{ responseStatus: 401, errorCode: "unauthorized", calls: 7, client: "a-client" },
        countedSince: row.since,
        createdAt: row.until,
      },
    ]);
    expect(await database.db.agentAuditLog.count({ where: { client: "another" } })).toBe(1);
  });

  it("a row can't count calls of somebody with a credential, nor no calls", async () => {
    const wrong = {
      surface: "agent",
      operation: "x",
      endpoint: "*",
      requestSummary: {},
      responseStatus: 401,
    };
    for (const data of [
      { ...wrong, calls: 2 },
      { ...wrong, client: "c", countedSince: new Date(), agentId: randomUUID() },
      { ...wrong, client: "c", countedSince: new Date(), calls: 0 },
      { ...wrong, client: "c" },
    ])
      await expect(database.db.agentAuditLog.create({ data })).rejects.toThrow(/agent_audit_logs_counted/);
  });

  it("a client's pseudonym is the same on one day and for one key only, and doesn't hold the address", () => {
    const [cipher, other] = [1, 2].map((byte) => new AesCipher([Buffer.alloc(32, byte)])) as [
      AesCipher,
      AesCipher,
    ];
    const at = (time: string, used = cipher, address = "198.51.100.7") =>
      clientPseudonym({ cipher: used }, address, new Date(time));
    const morning = at("2026-11-27T00:00:00Z");
    expect(morning).toMatch(/^[\w-]{16}$/);
    expect(at("2026-11-27T23:59:59Z")).toBe(morning);
    const others = [
      at("2026-11-28T00:00:00Z"),
      at("2026-11-27T00:00:00Z", other),
      at("2026-11-27T00:00:00Z", cipher, "198.51.100.8"),
    ];
    expect(new Set([morning, ...others]).size).toBe(4);
  });
});

describe("the audit log in PostgreSQL", () => {
  it("an audit entry is stored with every field as given", async () => {
    const grantId = randomUUID();
    const full = entryOf(grantId, {
      agentSessionId: randomUUID(),
      agentId: randomUUID(),
      userId: randomUUID(),
      surface: "gpt",
      requestSummary: {
        q: { type: "string", length: 3 },
        limit: 0.5,
        task_data: { type: "object", fields: {} },
      },
      responseStatus: 504,
      errorCode: "upstream_timeout",
    });
    const writer = openWriter();
    await writer.append(full);
    expect(await rowsOf(grantId)).toEqual([
      {
        ...full,
        id: expect.any(String) as string,
        createdAt: expect.any(Date) as Date,
        ...{ calls: 1, client: null, countedSince: null },
      },
    ]);
  });

  it("an audit entry's unknown fields are stored as null", async () => {
    const writer = openWriter();
    const unknownCaller = { surface: "agent", operation: "unmatched", endpoint: `/agent/'"; -- ü` } as const;
    await writer.append({
      ...unknownCaller,
      requestSummary: {},
      responseStatus: 404,
      errorCode: "not_found",
    });
    expect(await database.db.agentAuditLog.findMany({ where: { operation: "unmatched" } })).toMatchObject([
      {
        ...unknownCaller,
        agentSessionId: null,
        grantId: null,
        agentId: null,
        userId: null,
        requestSummary: {},
      },
    ]);
  });

  it("an audit entry's row is there once append has resolved, also among a thousand at once, in few inserts", async () => {
    const grantId = randomUUID();
    let inserts = 0;
    const writer = openWriter(() => (inserts += 1));
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        await writer.append(entryOf(grantId, { operation: `call_${i}` }));
        if (i % 100 === 0) {
          const where = { grantId, operation: `call_${i}` };
          expect(await database.db.agentAuditLog.count({ where })).toBe(1);
        }
      }),
    );
    expect(await rowsOf(grantId)).toHaveLength(1_000);
    expect(inserts).toBeLessThan(10);
  });

  it("append is rejected if the database can't be reached", async () => {
    const lost = createPool({ url: "postgresql://nobody@127.0.0.1:1/none" });
    const sql = createSqlPool(lost);
    const writer = createAuditWriter({ insert: (entries) => insertAuditEntries(sql, entries) });
    await expect(writer.append(entryOf(randomUUID()))).rejects.toMatchObject({ code: "service_unavailable" });
    await lost.end();
  });
});
