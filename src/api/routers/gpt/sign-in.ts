import type { z } from "zod";
import { signIn, SignInInput, SignInOutput } from "../../../core/access/gpt-sign-in/index.ts";
import { AppError } from "../../../core/protocol/errors.ts";
import { identify } from "../../procedure/identify.ts";
import { gptProcedure } from "../../procedure/trpc.ts";
import { flatOutput, flatResponse, formatCents } from "./flat-response.ts";

export const signInProcedures = {
  auth: gptProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/auth",
        summary: "Sign a person in by link and code",
        description:
          "First call: show the person approval_url and user_code. After they approve, call again with auth_request_id alone. The answer then has the session_token to send with every other call, for an hour.",
      },
      errors: ["not_found", "conflict", "session_suspended"],
      consequential: false,
      example: { request: { budget_limit_cents: 50 } },
    })
    .input(SignInInput)
    .output(flatOutput(SignInOutput))
    .mutation(async ({ ctx, input }) => {
      if (ctx.actor.kind !== "agent")
        throw new AppError("unauthorized", { message: "Sign in with the GPT's agent key." });
      const { data, nextActions, subject } = await signIn({ ...ctx.deps, actor: ctx.actor }, input);
      if (subject !== undefined) identify(ctx, subject);
      if (data.session_token !== undefined) ctx.repeatedFields.session_token = data.session_token;
      return flatResponse(ctx, data, SIGN_IN_MESSAGES[data.status](data), nextActions);
    }),
};

type SignIn = z.infer<typeof SignInOutput>;
const SIGN_IN_MESSAGES: Record<SignIn["status"], (data: SignIn) => string> = {
  pending: ({ approval_url = "", user_code = "" }) =>
    `Ask the person to open ${approval_url} and to enter the code ${user_code}. Then call gpt_auth again with the auth_request_id.`,
  approved: ({ budget_limit_cents = 0 }) =>
    `Signed in for an hour, with a budget of ${formatCents(budget_limit_cents)}.`,
  denied: () => "The person declined.",
  expired: () => "The request has expired. Start another sign-in.",
};
