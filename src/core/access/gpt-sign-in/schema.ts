import { z } from "zod";
import { OPEN_REQUEST } from "../approval/index.ts";
import { Cents, ExplicitScopes, RequestedScopes, Timestamp } from "../../protocol/fields.ts";

/** One hour: a GPT sends its token in URLs, where it can leak. */
export const GPT_SESSION_SECONDS = 3_600;
export const DEFAULT_BUDGET_CENTS = OPEN_REQUEST.budget_limit_cents;

export const SignInInput = z.strictObject({
  auth_request_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "From the first response. Once the user has approved, send only this field" }),
  scopes: RequestedScopes.optional().meta({
    description: 'What the GPT may do. Default: ["*"], everything that the user allows',
  }),
  budget_limit_cents: Cents.optional().meta({
    description: `The session's budget in cents. Default: ${DEFAULT_BUDGET_CENTS}`,
  }),
});

export const SignInOutput = z.object({
  status: z.enum(["pending", "approved", "denied", "expired"]),
  auth_request_id: z.string(),
  approval_url: z
    .string()
    .optional()
    .meta({ description: "Page where the user decides. Show it to the user" }),
  user_code: z.string().optional().meta({ description: "Code that the user enters on that page" }),
  poll_interval_seconds: z.number().int().optional(),
  session_token: z
    .string()
    .optional()
    .meta({ description: "Send it as session_token with every other call" }),
  session_id: z.string().optional(),
  agent_id: z.string().optional(),
  user_id: z.string().optional(),
  scopes: ExplicitScopes.optional(),
  budget_limit_cents: z.number().optional(),
  expires_at: Timestamp.optional().meta({
    description: "While pending: when the request expires. Once approved: when the session expires",
  }),
});
