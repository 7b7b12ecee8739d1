import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { migrateDeploy } from "../../../src/platform/postgres/migrate.ts";
import { createEmptyDatabase, queryRows } from "../../support/database.ts";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** A database with all migrations before this one. `apply` applies this one. */
async function createDatabaseBefore(migration: string) {
  const connectionString = await createEmptyDatabase();
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-migrations-"));
  const copy = (wanted: (other: string) => boolean): void => {
    for (const other of readdirSync(MIGRATIONS).filter(wanted))
      cpSync(path.join(MIGRATIONS, other), path.join(directory, other), { recursive: true });
  };
  const migrate = () => migrateDeploy({ connectionString, directory });
  copy((other) => other < migration);
  await migrate();
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return {
    query: (sql: string, values?: unknown[]) => queryRows(connectionString, sql, values),
    apply: async () => {
      copy((other) => other === migration);
      expect(await migrate()).toEqual([migration]);
    },
  };
}

test("the migration of answers links older consents to the task completion that they were given with", async () => {
  const { query, apply } = await createDatabaseBefore("20261122093754_answers_and_figures");
  const [ada, bob, campaign, other] = [1, 2, 3, 4].map(() => randomUUID());
  const complete = (user: unknown, campaignId: unknown) =>
    query(
      `WITH completion AS (
         INSERT INTO task_completions (campaign_id, user_id, task_name, details) VALUES ($1, $2, 't', '\\x00') RETURNING id
       ), consents AS (
         INSERT INTO consents (user_id, campaign_id, consent_type, granted, purpose)
         SELECT $2, $1, unnest(ARRAY['data_sharing', 'contact', 'retention']), true, 'p'
       )
       SELECT id FROM completion`,
      [campaignId, user],
    );
  const expected: Record<string, unknown>[] = [];
  for (const [user, campaignId] of [
    [ada, campaign],
    [ada, other],
    [bob, campaign],
  ]) {
    const [completion] = (await complete(user, campaignId)) as { id: string }[];
    expected.push({
      user_id: user,
      campaign_id: campaignId,
      task_completion_id: completion?.id,
      consents: 3,
    });
  }
  // A consent for a run's input belongs to no completion.
  await query(
    `INSERT INTO consents (user_id, campaign_id, service_key, consent_type, granted, purpose, created_at)
     SELECT user_id, campaign_id, 'daylight', 'data_sharing', true, 'p', created_at FROM task_completions WHERE user_id = $1`,
    [bob],
  );

  await apply();
  const rows = await query(
    `SELECT user_id, campaign_id, task_completion_id, count(*)::int AS consents FROM consents WHERE service_key IS NULL
      GROUP BY 1, 2, 3`,
  );
  expect(rows).toHaveLength(expected.length);
  expect(rows).toEqual(expect.arrayContaining(expected));
  const inputConsents = await query("SELECT task_completion_id FROM consents WHERE service_key IS NOT NULL");
  expect(inputConsents).toEqual([{ task_completion_id: null }]);
});
