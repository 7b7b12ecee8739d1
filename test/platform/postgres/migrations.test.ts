import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { migrateDeploy } from "../../../src/platform/postgres/migrate.ts";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** A database as it was before a migration, and what brings it up to it. */
async function before(migration: string) {
  const { adminUrl } = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = name;
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-migrations-"));
  const copy = (wanted: (other: string) => boolean): void => {
    for (const other of readdirSync(MIGRATIONS).filter(wanted))
      cpSync(path.join(MIGRATIONS, other), path.join(directory, other), { recursive: true });
  };
  const migrate = () => migrateDeploy({ connectionString: url.href, directory });
  copy((other) => other < migration);
  await migrate();
  const db = new pg.Client({ connectionString: url.href });
  await db.connect();
  onTestFinished(async () => {
    await db.end();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
    rmSync(directory, { recursive: true });
  });
  return {
    db,
    apply: async () => {
      copy((other) => other === migration);
      expect(await migrate()).toEqual([migration]);
    },
  };
}

test("consents given before find the completion they were given with", async () => {
  const { db, apply } = await before("20261122093754_answers_and_figures");
  const [ada, bob, campaign, other] = [1, 2, 3, 4].map(() => randomUUID());
  const complete = (user: unknown, of: unknown) =>
    db.query<{ id: string }>(
      `WITH completion AS (
         INSERT INTO task_completions (campaign_id, user_id, task_name, details) VALUES ($1, $2, 't', '\\x00') RETURNING id
       ), consents AS (
         INSERT INTO consents (user_id, campaign_id, consent_type, granted, purpose)
         SELECT $2, $1, unnest(ARRAY['data_sharing', 'contact', 'retention']), true, 'p'
       )
       SELECT id FROM completion`,
      [of, user],
    );
  const expected: Record<string, unknown>[] = [];
  for (const [user, of] of [
    [ada, campaign],
    [ada, other],
    [bob, campaign],
  ]) {
    const { rows } = await complete(user, of);
    expected.push({ user_id: user, campaign_id: of, task_completion_id: rows[0]?.id, consents: 3 });
  }
  // What went into a run's input belongs to no completion, whichever campaign paid.
  await db.query(
    `INSERT INTO consents (user_id, campaign_id, service_key, consent_type, granted, purpose, created_at)
     SELECT user_id, campaign_id, 'daylight', 'data_sharing', true, 'p', created_at FROM task_completions WHERE user_id = $1`,
    [bob],
  );

  await apply();
  const { rows } = await db.query(
    `SELECT user_id, campaign_id, task_completion_id, count(*)::int AS consents FROM consents WHERE service_key IS NULL
      GROUP BY 1, 2, 3`,
  );
  expect(rows).toHaveLength(expected.length);
  expect(rows).toEqual(expect.arrayContaining(expected));
  const input = await db.query("SELECT task_completion_id FROM consents WHERE service_key IS NOT NULL");
  expect(input.rows).toEqual([{ task_completion_id: null }]);
});
