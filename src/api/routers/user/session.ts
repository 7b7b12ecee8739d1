import { z } from "zod";
import { visitorProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

const Me = z.object({
  person: z.object({ user_id: z.string(), email: z.string() }).nullable(),
  can_sign_up: z.boolean(),
  mcp_url: z.string().meta({ description: "What a host of a language model is given to connect" }),
  is_sandbox: z.boolean().meta({ description: "The demo person signs in with one press" }),
});

export const sessionProcedures = {
  me: visitorProcedure.output(success(Me)).query(async ({ ctx }) => {
    const actor = await ctx.person();
    return ok(ctx, {
      person: actor === undefined ? null : { user_id: actor.userId, email: actor.email },
      can_sign_up: ctx.deps.settings.signIn.canSignUp,
      mcp_url: `${ctx.deps.settings.publicBaseUrl}/mcp`,
      is_sandbox: ctx.deps.settings.signIn.hasDemoPerson,
    });
  }),
};
