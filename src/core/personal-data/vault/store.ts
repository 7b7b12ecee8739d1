import type { Queries } from "../../ports/database.ts";
import { boolean, bytes, integer, oneOf, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Stores a value, or replaces the stored one. Writes no row if the user doesn't exist. */
export const upsertItem = statement({
  name: "vault.store-item",
  limit: "money",
  params: { user_id: uuid, data_type: text, value: bytes },
  row: {},
  text: `
    INSERT INTO vault_items (user_id, data_type, value) SELECT u.id, $data_type, $value FROM users u
     WHERE u.id = $user_id AND u.deleted_at IS NULL FOR KEY SHARE
    ON CONFLICT (user_id, data_type) DO UPDATE SET value = excluded.value, updated_at = now()`,
});

export async function deleteItem(db: Queries, userId: string, dataType: DataType): Promise<void> {
  await db.vaultItem.deleteMany({ where: { userId, dataType } });
}

/**
 * Opens the counts of misfits of a grant's references to a sponsor, and locks them, in the order of the data types. Where the
 * values fit, they are used now.
 */
export const lockMisfits = statement({
  name: "vault.lock-misfits",
  limit: "money",
  params: { grant_id: uuid, sponsor_id: uuid, fits: boolean, data_types: texts<DataType>() },
  row: {},
  text: `
    INSERT INTO vault_misfits (grant_id, sponsor_id, data_type, last_used_at)
    SELECT $grant_id, $sponsor_id, t, CASE WHEN $fits THEN now() END FROM unnest($data_types) AS t ORDER BY t
    ON CONFLICT (grant_id, sponsor_id, data_type)
      DO UPDATE SET last_used_at = coalesce(excluded.last_used_at, vault_misfits.last_used_at)`,
});

/**
 * The user's stored, encrypted values of these data types, and how often each didn't fit. None for a session that has ended
 * since its call began.
 */
export const findItems = statement({
  name: "vault.find-items",
  limit: "money",
  params: {
    user_id: uuid,
    session_id: uuid,
    grant_id: uuid,
    sponsor_id: uuid,
    data_types: texts<DataType>(),
  },
  row: { data_type: oneOf<DataType>(), value: bytes, misfits: integer },
  text: `
    SELECT i.data_type, i.value, CASE WHEN m.value_updated_at = i.updated_at THEN m.misfits ELSE 0 END AS misfits
      FROM vault_items i
      LEFT JOIN vault_misfits m ON m.grant_id = $grant_id AND m.sponsor_id = $sponsor_id AND m.data_type = i.data_type
     WHERE i.user_id = $user_id AND i.data_type = ANY($data_types)
       AND EXISTS (SELECT FROM live_sessions l WHERE l.id = $session_id)`,
});

/** Counts a misfit of each of these data types. */
export const countMisfits = statement({
  name: "vault.count-misfits",
  limit: "money",
  params: { user_id: uuid, grant_id: uuid, sponsor_id: uuid, data_types: texts<DataType>() },
  row: {},
  text: `
    UPDATE vault_misfits m
       SET misfits = CASE WHEN m.value_updated_at = i.updated_at THEN m.misfits + 1 ELSE 1 END, value_updated_at = i.updated_at
      FROM vault_items i
     WHERE m.grant_id = $grant_id AND m.sponsor_id = $sponsor_id AND m.data_type = ANY($data_types)
       AND i.user_id = $user_id AND i.data_type = m.data_type`,
});

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

/** All stored, encrypted values of the user. */
export const listItems = (db: Queries, userId: string) =>
  db.vaultItem.findMany({ where: { userId }, orderBy: { dataType: "asc" } });
