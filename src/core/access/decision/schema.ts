import { z } from "zod";
import { Cents, ExplicitScopes, Id, RequestTimestamp } from "../../protocol/fields.ts";

export const DecideApprovalInput = z.strictObject({
  approval_id: Id,
  decision: z.enum(["approve", "deny"]),
  user_id: Id.meta({ description: "Internal id of the user who decides" }),
  scopes: ExplicitScopes.optional(),
  budget_limit_cents: Cents.optional(),
  expires_at: RequestTimestamp.optional(),
});
export const DecideApprovalOutput = z.object({
  approval_id: z.string(),
  status: z.enum(["approved", "denied"]),
  grant_id: z.string().optional(),
});
