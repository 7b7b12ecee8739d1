import { z } from "zod";
import {
  Cents,
  ExplicitScopes,
  Id,
  Page,
  RequestedScopes,
  Search,
  Timestamp,
} from "../../protocol/fields.ts";

/** A session lives at most 24 hours (R2.5). */
export const MAX_SESSION_SECONDS = 86_400;

export const OpenSessionInput = z.strictObject({
  user_id: z.string().min(1).max(200).optional().meta({
    description: "The user's id, which you got when the user approved. Leave it out on first contact.",
  }),
  scopes: RequestedScopes.meta({
    description: 'What the session may do. ["*"] means everything that the grant allows.',
  }),
  budget_limit_cents: Cents.meta({
    description: "The session's budget in cents. At most what is left of the grant's budget",
  }),
  expires_in_seconds: z.number().int().min(1).max(MAX_SESSION_SECONDS).optional(),
});

export const OpenSessionOutput = z.object({
  session_token: z.string().meta({ description: "Bearer token for all other /agent routes" }),
  session_id: z.string(),
  agent_id: z.string(),
  user_id: z.string(),
  scopes: ExplicitScopes,
  budget_limit_cents: z.number(),
  expires_at: Timestamp,
});

export const RevokeSessionOutput = z.object({ revoked: z.literal(true), revoked_at: Timestamp });
export const EndSessionInput = z.strictObject({ session_id: Id });

const SessionStatus = z.enum(["live", "suspended", "expired", "revoked"]);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const ListSessionsInput = Search.extend({ status: SessionStatus.optional() });
export const ListSessionsOutput = z.object({
  sessions: z.array(
    z.object({
      session_id: z.string(),
      surface: z.enum(["agent", "gpt", "mcp"]),
      status: SessionStatus,
      agent: z.object({ agent_id: z.string(), name: z.string() }),
      user: z.object({
        user_id: z.string(),
        email: z.string().nullable().meta({ description: "null: the user has deleted their account" }),
      }),
      grant_id: z.string(),
      scopes: ExplicitScopes,
      remaining_cents: z
        .number()
        .meta({ description: "What the session and its grant still allow it to spend" }),
      suspended_at: Timestamp.nullable(),
      suspended_reason: z.string().nullable(),
      created_at: Timestamp,
      expires_at: Timestamp,
    }),
  ),
  ...Page.shape,
});
