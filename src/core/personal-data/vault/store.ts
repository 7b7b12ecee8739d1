import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Stores a value, or replaces the stored one. Returns false if the user doesn't exist. */
export async function upsertItem(
  db: Queries,
  item: { userId: string; dataType: DataType; value: Uint8Array },
): Promise<boolean> {
  const stored = await db.$executeRaw`
    INSERT INTO vault_items (user_id, data_type, value)
    SELECT u.id, ${item.dataType}, ${item.value} FROM users u WHERE u.id = ${item.userId}::uuid
    ON CONFLICT (user_id, data_type) DO UPDATE SET value = excluded.value, updated_at = now()`;
  return stored === 1;
}

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
