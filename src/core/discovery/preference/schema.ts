import { z } from "zod";
import { TaskType, Timestamp } from "../../protocol/fields.ts";
import { foreignName } from "../../protocol/foreign/index.ts";

export const PreferenceLevel = z.enum(["preferred", "neutral", "avoided"]);

export const SetPreferencesInput = z.strictObject({
  preferences: z
    .array(z.strictObject({ task_type: TaskType, level: PreferenceLevel }))
    .min(1)
    .max(50)
    .meta({
      description:
        "Avoided tasks are never offered. Preferred tasks rank higher. Task types that aren't named keep their level.",
    }),
});

export const PreferencesOutput = z.object({
  preferences: z.array(
    z.object({ task_type: foreignName("task"), level: PreferenceLevel, updated_at: Timestamp }),
  ),
});
