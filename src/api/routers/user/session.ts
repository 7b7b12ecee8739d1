import { z } from "zod";
import { findOperatorOf } from "../../../core/access/operator/index.ts";
import { visitorProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

const Me = z.object({
  person: z
    .object({
      user_id: z.string(),
      email: z.string(),
      is_operator: z.boolean().meta({ description: "The page of operators is for them" }),
    })
    .nullable(),
  can_sign_up: z.boolean(),
  mcp_url: z.string().meta({ description: "What a host of a language model is given to connect" }),
  is_sandbox: z.boolean().meta({ description: "The demo person signs in with one press" }),
  sandbox: z
    .object({ sellers: z.array(z.object({ name: z.string(), url: z.string() })) })
    .nullable()
    .meta({
      description:
        "The sandbox that the server runs on: nobody else sees its chain's transactions. Its sellers are told only to who is signed in. Null: the chains are public",
    }),
});

export const sessionProcedures = {
  me: visitorProcedure.output(success(Me)).query(async ({ ctx }) => {
    const actor = await ctx.person();
    const { sandbox } = ctx.deps.settings;
    return ok(ctx, {
      person:
        actor === undefined
          ? null
          : {
              user_id: actor.userId,
              email: actor.email,
              is_operator: (await findOperatorOf(ctx.deps, actor)) !== undefined,
            },
      can_sign_up: ctx.deps.settings.signIn.canSignUp,
      mcp_url: `${ctx.deps.settings.publicBaseUrl}/mcp`,
      is_sandbox: ctx.deps.settings.signIn.hasDemoPerson,
      sandbox: sandbox === undefined ? null : { sellers: actor === undefined ? [] : sandbox.sellers },
    });
  }),
};
