import type { Queries } from "../../ports/database.ts";
import { texts, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/** Lists a user's preferences by task type. */
export const listPreferences = (db: Queries, userId: string) =>
  db.userTaskPreference.findMany({ where: { userId }, orderBy: { taskType: "asc" } });

const upsertPreferences = statement({
  name: "preference.set",
  limit: "read",
  params: { user_id: uuid, task_types: texts(), levels: texts() },
  row: {},
  text: `
    INSERT INTO user_task_preferences (user_id, task_type, level)
    SELECT u.id, p.task_type, p.level FROM users u, unnest($task_types, $levels) AS p(task_type, level)
     WHERE u.id = $user_id AND u.deleted_at IS NULL FOR KEY SHARE OF u
    ON CONFLICT (user_id, task_type) DO UPDATE SET level = excluded.level, updated_at = now()`,
});

/** Sets the given preferences. If a task type occurs twice, the last one counts. */
export async function putPreferences(
  sql: Sql,
  userId: string,
  preferences: { task_type: string; level: string }[],
): Promise<void> {
  const lastLevels = new Map(preferences.map(({ task_type, level }) => [task_type, level]));
  await upsertPreferences.count(sql, {
    user_id: userId,
    task_types: [...lastLevels.keys()],
    levels: [...lastLevels.values()],
  });
}
