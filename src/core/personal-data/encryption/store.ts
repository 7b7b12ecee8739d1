import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** A column of ciphertexts, and what of a row its ciphertext is bound to. */
interface EncryptedColumn {
  table: string;
  column: string;
  /** SQL of the row's part of the context. */
  id: Prisma.Sql;
}

const byId = (table: string, column: string): EncryptedColumn => ({
  table,
  column,
  id: Prisma.sql`id::text`,
});

/** Every encrypted column there is: a test compares it with the schema. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  byId("sponsored_apis", "upstream_headers"),
  byId("task_completions", "details"),
  { table: "vault_items", column: "value", id: Prisma.sql`user_id::text || ':' || data_type` },
  byId("payments", "request"),
  byId("payments", "output"),
  byId("payouts", "signed_transfer"),
];

/** Values that don't start as those of the current key do, after a row, in order. */
export async function selectOutdated(
  db: Queries,
  { table, column, id }: EncryptedColumn,
  prefix: Uint8Array,
  after: string,
  limit: number,
): Promise<{ id: string; value: Uint8Array }[]> {
  return db.$queryRaw<{ id: string; value: Uint8Array }[]>`
    SELECT ${id} AS id, ${Prisma.raw(column)} AS value FROM ${Prisma.raw(table)}
     WHERE substring(${Prisma.raw(column)} FROM 1 FOR ${prefix.length}::int) <> ${prefix} AND ${id} > ${after} ORDER BY 1 LIMIT ${limit}`;
}

/** Replaces a value that nobody has changed meanwhile. Returns how many it was. */
export async function replaceValue(
  db: Queries,
  { table, column, id }: EncryptedColumn,
  row: string,
  before: Uint8Array,
  after: Uint8Array,
): Promise<number> {
  return db.$executeRaw`
    UPDATE ${Prisma.raw(table)} SET ${Prisma.raw(column)} = ${after}
     WHERE ${id} = ${row} AND ${Prisma.raw(column)} = ${before}`;
}
