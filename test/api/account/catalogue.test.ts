import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPORT_PARTS } from "../../../src/core/account/export/index.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, queryRows } from "../../support/database.ts";

/** The parts of a person's export, compared with the database's tables. A new table with people's rows can't be forgotten. */

/** Tables with rows of people that aren't in the export, and why not. */
const LEFT_OUT: Record<string, string> = {
  idempotency_keys: "claims of runs for some days; the payment has the key",
  ledger_transfers: "the books: money of sponsors that moved, once more",
  notices: "mails about grants and sign-ins, for 30 days; what they are about is in the file",
  oauth_records: "codes and tokens of hosts, as hashes; grants and sessions say what they are for",
  payment_reservations: "the same amount as the payment's, in each account that caps it",
  session_violations: "refused calls once more, to be counted for some minutes; the audit rows have them",
  sponsored_apis: "ids of people for whom a seller failed; the payments have it",
};

/** Columns that lead to a person without a foreign key, or by a list. */
const NAMES_A_PERSON =
  /^(.*_)?(user|grant|account|agent_session|session|approval|completion|payment|rule|consent)_ids?$/;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

/** Columns that are named so, and hold ids of budgets, or of payments that direct buyers and sponsors made to us. */
const OTHER_IDS = new Set([
  ...["budget_account_id", "from_account_id", "to_account_id", "day_account_id", "incoming_payment_id"],
  "offers.account_id",
]);

/** All tables with rows of people: followed from `users` and `accounts` by foreign keys, and by the names of columns. */
async function tablesOfPeople(): Promise<Set<string>> {
  const columns = (await queryRows(
    database.url,
    `SELECT c.table_name AS "table", c.column_name AS "column", f.relname AS target
       FROM information_schema.columns c
       JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_schema = 'public' AND t.table_type = 'BASE TABLE'
       LEFT JOIN pg_constraint k ON k.contype = 'f' AND k.conrelid = format('%I', c.table_name)::regclass
              AND (SELECT attnum FROM pg_attribute WHERE attrelid = k.conrelid AND attname = c.column_name) = ANY(k.conkey)
       LEFT JOIN pg_class f ON f.oid = k.confrelid
      WHERE c.table_schema = 'public' AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = format('%I', c.table_name)::regclass)`,
    [],
  )) as { table: string; column: string; target: string | null }[];
  const found = new Set(["users", "accounts"]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const { table, column, target } of columns) {
      const isNamed =
        NAMES_A_PERSON.test(column) && ![column, `${table}.${column}`].some((name) => OTHER_IDS.has(name));
      // Agents, sponsors, campaigns and budgets belong to many people: a key to one of them names no person.
      const leads = target !== null && found.has(target) && !SHARED.has(target);
      if (isNamed || leads) found.add(table);
    }
  }
  return found;
}

/** What many people share. Their rows are a person's only by a column that names the person. */
const SHARED = new Set(["agents", "sponsors", "sponsored_apis", "campaigns", "budget_accounts"]);

test("every table with rows of people is in the export, or is left out for a reason", async () => {
  const exported = new Set(EXPORT_PARTS.flatMap(({ tables }) => tables));
  const found = await tablesOfPeople();
  expect([...found].filter((table) => !exported.has(table) && LEFT_OUT[table] === undefined)).toEqual([]);
  expect([...exported].filter((table) => !found.has(table))).toEqual([]);
  expect(Object.keys(LEFT_OUT).filter((table) => exported.has(table) || !found.has(table))).toEqual([]);
});
