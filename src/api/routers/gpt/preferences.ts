import { z } from "zod";
import {
  getPreferences,
  PreferencesOutput,
  setPreferences,
  SetPreferencesInput,
} from "../../../core/discovery/preference/index.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { flatOutput, flatResponse, formatCount } from "./flat-response.ts";
import { sessionField, withoutSessionToken } from "./session-field.ts";

export const preferenceProcedures = {
  getPreferences: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/preferences",
        summary: "Read which tasks the person likes or avoids",
        description: "Preferred tasks come first in every search. Avoided tasks are never offered.",
      },
      consequential: false,
    })
    .input(z.strictObject(sessionField).prefault({}))
    .output(flatOutput(PreferencesOutput))
    .query(async ({ ctx }) => {
      const data = await getPreferences({ ...ctx.deps, actor: ctx.actor });
      return flatResponse(ctx, data, `${formatCount(data.preferences.length, "preference")} set.`, [
        next.searchServices(),
      ]);
    }),

  setPreferences: gptSessionProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/preferences",
        summary: "Set which tasks the person likes or avoids",
        description: "Sets the given task types and keeps the others. Levels: preferred, neutral, avoided.",
      },
      consequential: false,
      example: { request: { preferences: [{ task_type: "survey", level: "preferred" }] } },
    })
    .input(SetPreferencesInput.extend(sessionField))
    .output(flatOutput(PreferencesOutput))
    .mutation(async ({ ctx, input }) => {
      const data = await setPreferences({ ...ctx.deps, actor: ctx.actor }, withoutSessionToken(input));
      return flatResponse(ctx, data, `Saved. ${formatCount(data.preferences.length, "preference")} set.`, [
        next.searchServices(),
      ]);
    }),
};
