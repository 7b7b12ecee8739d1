import { z } from "zod";
import { Cents, ExplicitScopes, RequestedScopes, Timestamp } from "../../protocol/fields.ts";

/** GPTs carry their token in URLs, so it lives short. */
export const GPT_SESSION_SECONDS = 3_600;
export const DEFAULT_BUDGET_CENTS = 100;

export const SignInInput = z.strictObject({
  auth_request_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "From the first answer; send it alone, once the person has approved" }),
  scopes: RequestedScopes.optional().meta({
    description: 'What the GPT may do. Default: ["*"], all the person allows',
  }),
  budget_limit_cents: Cents.optional().meta({ description: `Default: ${DEFAULT_BUDGET_CENTS}` }),
});

export const SignInOutput = z.object({
  status: z.enum(["pending", "approved", "denied", "expired"]),
  auth_request_id: z.string(),
  approval_url: z.string().optional().meta({ description: "Show it to the person" }),
  user_code: z.string().optional().meta({ description: "The code they enter there" }),
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
    description: "Of the request while pending, of the session once approved",
  }),
});
