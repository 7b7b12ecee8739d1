import type { Queries } from "../../ports/database.ts";
import { bytes, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Stores a value, or replaces the stored one. Writes no row if the user doesn't exist. */
export const upsertItem = statement({
  name: "vault.store-item",
  limit: "money",
  params: { user_id: uuid, data_type: text, value: bytes },
  row: {},
  text: `
    INSERT INTO vault_items (user_id, data_type, value) SELECT u.id, $data_type, $value FROM users u WHERE u.id = $user_id
    ON CONFLICT (user_id, data_type) DO UPDATE SET value = excluded.value, updated_at = now()`,
});

export async function deleteItem(db: Queries, userId: string, dataType: DataType): Promise<void> {
  await db.vaultItem.deleteMany({ where: { userId, dataType } });
}

/** Returns the user's stored, encrypted values of these data types. */
export async function findItems(
  db: Queries,
  userId: string,
  dataTypes: DataType[],
): Promise<{ dataType: string; value: Uint8Array }[]> {
  return db.vaultItem.findMany({
    where: { userId, dataType: { in: dataTypes } },
    select: { dataType: true, value: true },
  });
}

/** Returns those of the given data types for which the user has stored a value, sorted. */
export async function storedDataTypes(
  db: Queries,
  userId: string,
  dataTypes: readonly DataType[],
): Promise<DataType[]> {
  if (dataTypes.length === 0) return [];
  const items = await db.vaultItem.findMany({
    where: { userId, dataType: { in: [...dataTypes] } },
    select: { dataType: true },
    orderBy: { dataType: "asc" },
  });
  return items.map(({ dataType }) => dataType as DataType);
}
