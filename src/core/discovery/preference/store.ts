import type { z } from "zod";
import type { Queries } from "../../ports/database.ts";
import type { PreferenceLevel } from "./schema.ts";

export interface PreferenceRow {
  task_type: string;
  level: z.infer<typeof PreferenceLevel>;
  updated_at: Date;
}

/** Lists a user's preferences by task type. */
export async function listPreferences(db: Queries, userId: string): Promise<PreferenceRow[]> {
  return db.$queryRaw<PreferenceRow[]>`
    SELECT task_type, level, updated_at FROM user_task_preferences WHERE user_id = ${userId}::uuid ORDER BY task_type`;
}

/** Sets the given preferences. If a task type occurs twice, the last one counts. */
export async function putPreferences(
  db: Queries,
  userId: string,
  preferences: { task_type: string; level: string }[],
): Promise<void> {
  const lastLevels = new Map(preferences.map(({ task_type, level }) => [task_type, level]));
  await db.$executeRaw`
    INSERT INTO user_task_preferences (user_id, task_type, level)
    SELECT ${userId}::uuid, * FROM unnest(${[...lastLevels.keys()]}::text[], ${[...lastLevels.values()]}::text[])
    ON CONFLICT (user_id, task_type) DO UPDATE SET level = excluded.level, updated_at = now()`;
}
