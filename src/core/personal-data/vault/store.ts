import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Stores a value in place of the one before. Returns false where there is no such user. */
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

/** Of these data types, those that the user has something stored for. */
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
