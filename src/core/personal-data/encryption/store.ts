import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

// Statements have one text each. Here table and column vary, and so this store runs raw SQL through Prisma. No text of a
// caller gets into it: both come from the list below.

/** A database column that holds ciphertexts. */
interface EncryptedColumn {
  table: string;
  column: string;
  /** SQL expression that identifies the row. It is the last part of the encryption context. */
  id: Prisma.Sql;
}

const byId = (table: string, column: string): EncryptedColumn => ({
  table,
  column,
  id: Prisma.sql`id::text`,
});

/** All encrypted columns. A test compares this list with the database schema. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  byId("sponsored_apis", "upstream_headers"),
  byId("task_completions", "details"),
  { table: "vault_items", column: "value", id: Prisma.sql`user_id::text || ':' || data_type` },
  byId("payments", "request"),
  byId("payments", "output"),
  byId("payments", "refusal"),
  byId("payouts", "signed_transfer"),
  byId("webhook_endpoints", "secret"),
  byId("webhook_endpoints", "previous_secret"),
  { table: "verdict_secrets", column: "secret", id: Prisma.sql`campaign_id::text` },
  { table: "verdict_secrets", column: "previous_secret", id: Prisma.sql`campaign_id::text` },
  byId("key_proofs", "ciphertext"),
];

/**
 * Returns up to `limit` values that don't start with the current key's prefix, ordered by id.
 * @param afterId the last id of the batch before, or "" for the first batch
 */
export async function selectOutdated(
  db: Queries,
  { table, column, id }: EncryptedColumn,
  prefix: Uint8Array,
  afterId: string,
  limit: number,
): Promise<{ id: string; value: Uint8Array }[]> {
  return db.$queryRaw<{ id: string; value: Uint8Array }[]>`
    SELECT ${id} AS id, ${Prisma.raw(column)} AS value FROM ${Prisma.raw(table)}
     WHERE substring(${Prisma.raw(column)} FROM 1 FOR ${prefix.length}::int) <> ${prefix} AND ${id} > ${afterId} ORDER BY 1 LIMIT ${limit}`;
}

/**
 * Replaces a value if it is still `oldValue`. Returns the number of replaced values: 1, or 0 if it was changed.
 */
export async function replaceValue(
  db: Queries,
  { table, column, id }: EncryptedColumn,
  rowId: string,
  oldValue: Uint8Array,
  newValue: Uint8Array,
): Promise<number> {
  return db.$executeRaw`
    UPDATE ${Prisma.raw(table)} SET ${Prisma.raw(column)} = ${newValue}
     WHERE ${id} = ${rowId} AND ${Prisma.raw(column)} = ${oldValue}`;
}
