import { z } from "zod";
import { Cents, ExplicitScopes, Id, RequestedScopes, Timestamp } from "../../protocol/fields.ts";

/** R2.5: a session lives at most a day. */
export const MAX_SESSION_SECONDS = 86_400;

export const OpenSessionInput = z.strictObject({
  user_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The subject you got when the user approved. Leave out on first contact." }),
  scopes: RequestedScopes.meta({
    description: 'What the session may do. ["*"] means all that the grant allows.',
  }),
  budget_limit_cents: Cents.meta({ description: "At most what the grant has left" }),
  expires_in_seconds: z.number().int().min(1).max(MAX_SESSION_SECONDS).optional(),
});

export const OpenSessionOutput = z.object({
  session_token: z.string().meta({ description: "Bearer token of all other /agent routes" }),
  session_id: z.string(),
  agent_id: z.string(),
  user_id: z.string(),
  scopes: ExplicitScopes,
  budget_limit_cents: z.number(),
  expires_at: Timestamp,
});

export const RevokeSessionOutput = z.object({ revoked: z.literal(true), revoked_at: Timestamp });
export const EndSessionInput = z.strictObject({ session_id: Id });

export const ResumeSessionInput = z.strictObject({ session_id: Id });
export const ResumeSessionOutput = z.object({ session_id: z.string(), resumed: z.literal(true) });
