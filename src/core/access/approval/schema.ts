import { z } from "zod";
import { DataTypeField, Id, RequestedScopes, ServiceKey } from "../../protocol/fields.ts";

export const ApprovalKind = z.enum(["grant", "budget", "data", "gpt_sign_in"]);
export type ApprovalKind = z.infer<typeof ApprovalKind>;

/** The content of `approvals.requested`, by kind. `GrantRequest` serves the kinds `grant` and `gpt_sign_in`. */
export const GrantRequest = z.object({
  scopes: RequestedScopes,
  budget_limit_cents: z.number(),
  expires_in_seconds: z.number().nullable(),
});
export const DataRequest = z.object({
  data_types: z.array(DataTypeField),
  campaign_id: z.string().nullable(),
  service_key: z.string().nullable(),
});
export const BudgetRequest = z.object({
  service_key: ServiceKey,
  amount_cents: z.number(),
  campaign_id: z.string().nullable(),
});

export const GetApprovalInput = z.strictObject({ approval_id: Id });
export const GetApprovalOutput = z.object({
  approval_id: z.string(),
  kind: ApprovalKind,
  status: z.enum(["pending", "approved", "denied", "expired"]),
  approval_url: z.string(),
  user_id: z
    .string()
    .optional()
    .meta({ description: "The user's id for your agent. Set once the approval is approved" }),
});
