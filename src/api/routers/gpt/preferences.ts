import { z } from "zod";
import {
  getPreferences,
  PreferencesOutput,
  setPreferences,
  SetPreferencesInput,
} from "../../../core/discovery/preference/index.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { counted, flat, reply, session } from "./flat-response.ts";

export const preferenceProcedures = {
  getPreferences: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/preferences",
        summary: "Read which tasks the person likes or avoids",
        description: "Preferred tasks come first in every search, avoided ones are never offered.",
      },
      consequential: false,
    })
    .input(z.strictObject(session).prefault({}))
    .output(flat(PreferencesOutput))
    .query(async ({ ctx }) => {
      const data = await getPreferences({ ...ctx.deps, actor: ctx.actor });
      return reply(ctx, data, `${counted(data.preferences.length, "preference")} set.`, [
        next.searchServices(),
      ]);
    }),

  setPreferences: gptSessionProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/preferences",
        summary: "Set which tasks the person likes or avoids",
        description: "Sets the task types named and keeps the others. Levels: preferred, neutral, avoided.",
      },
      consequential: false,
      example: { request: { preferences: [{ task_type: "survey", level: "preferred" }] } },
    })
    .input(SetPreferencesInput.extend(session))
    .output(flat(PreferencesOutput))
    .mutation(async ({ ctx, input }) => {
      const data = await setPreferences({ ...ctx.deps, actor: ctx.actor }, input);
      return reply(ctx, data, `Saved. ${counted(data.preferences.length, "preference")} set.`, [
        next.searchServices(),
      ]);
    }),
};
