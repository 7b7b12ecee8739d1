import { z } from "zod";
import { findRegion } from "../../access/user/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { getPreferences, PreferencesOutput } from "../../discovery/preference/index.ts";
import { catalogueChoices } from "../../discovery/search/index.ts";

const { level } = PreferencesOutput.shape.preferences.element.shape;

export const OwnPreferencesOutput = z.object({
  tasks: z
    .array(z.object({ task_type: z.string(), level }))
    .meta({ description: "Tasks that the catalogue has, and those that the person set" }),
  region: z.string().meta({ description: "Where the person lives. Empty: they haven't said" }),
});

/** What the person prefers, and what there is to prefer. */
export async function readOwnPreferences(
  ctx: Pick<Deps, "db" | "sql"> & { actor: UserActor },
): Promise<z.infer<typeof OwnPreferencesOutput>> {
  const { preferences } = await getPreferences(ctx);
  const { taskTypes } = await catalogueChoices(ctx);
  const levels = new Map(preferences.map((set) => [set.task_type, set.level]));
  const all = [...new Set([...taskTypes, ...levels.keys()])].sort();
  const registered = await findRegion.first(ctx.sql, { id: ctx.actor.userId });
  return {
    tasks: all.map((task_type) => ({ task_type, level: levels.get(task_type) ?? "neutral" })),
    region: registered?.region ?? "",
  };
}
