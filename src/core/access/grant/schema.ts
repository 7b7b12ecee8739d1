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

/** Null: each surface has its default. */
const ReadsSponsorTexts = z.boolean().nullable();

export const SetReadingInput = z.strictObject({ grant_id: Id, reads_sponsor_texts: ReadsSponsorTexts });
export const SetReadingOutput = z.object({
  grant_id: z.string(),
  reads_sponsor_texts: ReadsSponsorTexts,
});

export const StopAgentInput = z.strictObject({ grant_id: Id });
export const StopAgentOutput = z.object({
  undo_until: Timestamp.meta({ description: "Until then, the stop can be undone" }),
});
export const StopAllAgentsOutput = z.object({
  grant_ids: z.array(z.string()),
  undo_until: Timestamp.nullable().meta({ description: "null: no agent was live" }),
});
export const UndoStopOutput = z.object({ grant_id: z.string() });
