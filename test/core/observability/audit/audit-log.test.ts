import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../../../src/core/observability/audit/index.ts";
import { insertAuditEntries } from "../../../../src/core/observability/audit/index.ts";
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
      { ...full, id: expect.any(String) as string, createdAt: expect.any(Date) as Date },
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
