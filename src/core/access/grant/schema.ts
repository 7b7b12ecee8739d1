import { z } from "zod";
import { Cents, ExplicitScopes, Id, RequestTimestamp, Timestamp } from "../../protocol/fields.ts";

export const PutGrantInput = z.strictObject({
  user_id: Id.meta({ description: "Internal id of the user" }),
  agent_id: Id,
  scopes: ExplicitScopes,
  budget_limit_cents: Cents,
  expires_at: RequestTimestamp,
});

export const PutGrantOutput = z.object({
  grant_id: z.string(),
  user_id: z.string().meta({ description: "The user's id for this agent: its subject" }),
});

export const RevokeGrantInput = z.strictObject({ grant_id: Id });
export const RevokeGrantOutput = z.object({ revoked: z.literal(true), revoked_at: Timestamp });
