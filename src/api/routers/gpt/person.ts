import { z } from "zod";
import { signIn, SignInInput, SignInOutput } from "../../../core/access/gpt-sign-in/index.ts";
import {
  getPreferences,
  PreferencesOutput,
  setPreferences,
  SetPreferencesInput,
} from "../../../core/discovery/preference/index.ts";
import { getPayment, GetPaymentOutput } from "../../../core/money/payment/index.ts";
import { UsageInput, UsageOutput, usageRecord } from "../../../core/money/usage/index.ts";
import { AppError } from "../../../core/protocol/errors.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { gptProcedure, gptSessionProcedure } from "../../procedure/trpc.ts";
import { cents, counted, flat, reply, session } from "./flat-response.ts";

const { output, output_content_type, output_unavailable_reason } = GetPaymentOutput.shape;

export const personProcedures = {
  auth: gptProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/auth",
        summary: "Sign a person in by link and code",
        description:
          "First call: show the person approval_url and user_code. After they approved, call again with auth_request_id alone: the answer has the session_token to send with every other call, for an hour.",
      },
      errors: ["not_found", "conflict"],
      consequential: false,
      example: { request: { budget_limit_cents: 50 } },
    })
    .input(SignInInput)
    .output(flat(SignInOutput))
    .mutation(async ({ ctx, input }) => {
      if (ctx.actor.kind !== "agent")
        throw new AppError("unauthorized", { message: "Sign in with the GPT's agent key." });
      const { data, nextActions, subject } = await signIn({ ...ctx.deps, actor: ctx.actor }, input);
      if (subject !== undefined) Object.assign(ctx.subject, subject);
      if (data.session_token !== undefined) ctx.carried["session_token"] = data.session_token;
      return reply(ctx, data, SIGN_IN_MESSAGES[data.status](data), nextActions);
    }),

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

  userRecord: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/user/record",
        summary: "See what sponsors paid for the person",
        description:
          "Payments, newest first, and sums per sponsor. With payment_id: that payment alone, and its output as soon as it is there; poll it while it is pending.",
      },
      errors: ["not_found"],
      consequential: false,
      example: { request: { limit: 10 } },
    })
    .input(UsageInput.extend(session))
    .output(flat(UsageOutput.extend({ output, output_content_type, output_unavailable_reason })))
    .query(async ({ ctx, input }) => {
      const caller = { ...ctx.deps, actor: ctx.actor };
      const { payment_id, offset, limit } = input;
      const paging = { ...(offset !== undefined && { offset }), ...(limit !== undefined && { limit }) };
      const record = await usageRecord(caller, paging);
      if (payment_id === undefined) {
        const settled = record.by_sponsor.reduce((sum, { settled_cents }) => sum + settled_cents, 0);
        return reply(
          ctx,
          record,
          `${counted(record.total_count, "payment")}, ${cents(Number(settled.toFixed(4)))} settled.`,
          [next.flowStatus()],
        );
      }
      const { data, nextActions } = await getPayment(caller, { payment_id });
      const { payment, service, created_at, ...rest } = data;
      const one = {
        ...record,
        payments: [{ ...payment, service, created_at }],
        total_count: 1,
        offset: 0,
        limit: 1,
        ...rest,
      };
      return reply(
        ctx,
        one,
        `The payment of ${cents(payment.amount_cents)} is ${payment.status}.`,
        nextActions,
      );
    }),
};

type SignInAnswer = z.infer<typeof SignInOutput>;
const SIGN_IN_MESSAGES: Record<SignInAnswer["status"], (answer: SignInAnswer) => string> = {
  pending: ({ approval_url = "", user_code = "" }) =>
    `Ask the person to open ${approval_url} and to enter the code ${user_code}. Then call gpt_auth again with the auth_request_id.`,
  approved: ({ budget_limit_cents = 0 }) =>
    `Signed in for an hour, with a budget of ${cents(budget_limit_cents)}.`,
  denied: () => "The person declined.",
  expired: () => "The request has expired. Start another.",
};
