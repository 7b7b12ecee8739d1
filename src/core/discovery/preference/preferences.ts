import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { PreferenceLevel, PreferencesOutput, SetPreferencesInput } from "./schema.ts";
import { listPreferences, putPreferences } from "./store.ts";

type Context = Pick<Deps, "db" | "sql"> & { actor: { userId: string } };

/** R10.4: returns the user's preferences for task types. They affect every search, on every surface. */
export async function getPreferences({ db, actor }: Context): Promise<z.infer<typeof PreferencesOutput>> {
  const rows = await listPreferences(db, actor.userId);
  return {
    preferences: rows.map((row) => ({
      task_type: row.taskType,
      level: row.level as z.infer<typeof PreferenceLevel>,
      updated_at: row.updatedAt.toISOString(),
    })),
  };
}

/** Sets the given preferences and keeps the others. Returns all of them. */
export async function setPreferences(
  ctx: Context,
  input: z.infer<typeof SetPreferencesInput>,
): Promise<z.infer<typeof PreferencesOutput>> {
  await putPreferences(ctx.sql, ctx.actor.userId, input.preferences);
  return getPreferences(ctx);
}
