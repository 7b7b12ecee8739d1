import { z } from "zod";
import {
  DataTypeField,
  ExplicitScopes,
  Id,
  Page,
  RequestedScopes,
  Search,
  ServiceKey,
  Timestamp,
} from "../../protocol/fields.ts";

export const ApprovalKind = z.enum(["grant", "budget", "data", "combined", "gpt_sign_in"]);
export type ApprovalKind = z.infer<typeof ApprovalKind>;

const aboveRule = {
  above_rule: z.boolean().optional().meta({
    description: "The budget would do, but the user wants to be asked before a call that costs so much",
  }),
};

/** The content of `approvals.requested`, by kind. `GrantRequest` serves the kinds `grant` and `gpt_sign_in`. */
export const GrantRequest = z.object({
  scopes: RequestedScopes,
  budget_limit_cents: z.number(),
  expires_in_seconds: z.number().nullable(),
});
/** What is asked for where nothing else is named: everything, for the user to narrow, and a small budget. */
export const OPEN_REQUEST: z.infer<typeof GrantRequest> = {
  scopes: { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] },
  budget_limit_cents: 100,
  expires_in_seconds: null,
};
export const DataRequest = z.object({
  data_types: z.array(DataTypeField),
  campaign_id: z.string().nullable(),
  service_key: z.string().nullable(),
});
export const BudgetRequest = z.object({
  service_key: ServiceKey,
  amount_cents: z.number(),
  ...aboveRule,
  campaign_id: z.string().nullable(),
});
/** What a call lacks that the grant and its budget don't allow. `amount_cents` null: no money. */
export const CombinedRequest = z.object({
  scopes: ExplicitScopes,
  amount_cents: z.number().nullable(),
  ...aboveRule,
  campaign_id: z.string().nullable(),
  service_key: z.string().nullable(),
});

const ApprovalStatus = z.enum(["pending", "approved", "denied", "expired"]);

export const GetApprovalInput = z.strictObject({ approval_id: Id });
export const GetApprovalOutput = z.object({
  approval_id: z.string(),
  kind: ApprovalKind,
  status: ApprovalStatus,
  approval_url: z.string(),
  user_id: z
    .string()
    .optional()
    .meta({ description: "The user's id for your agent. Set once the approval is approved" }),
});

export const ListApprovalsInput = Search.extend({ status: ApprovalStatus.optional() });
export const ListApprovalsOutput = z.object({
  approvals: z.array(
    z.object({
      approval_id: z.string(),
      kind: ApprovalKind,
      status: ApprovalStatus,
      agent: z.object({ agent_id: z.string(), name: z.string() }).meta({ description: "Who asks" }),
      user: z
        .object({ user_id: z.string(), email: z.string() })
        .nullable()
        .meta({ description: "Who is asked. null: nobody is known yet, as at an agent's first contact" }),
      asks: z
        .union([GrantRequest, DataRequest, BudgetRequest, CombinedRequest])
        .meta({ description: "For what" }),
      campaign: z
        .object({ campaign_id: z.string(), name: z.string(), purpose: z.string(), sponsor: z.string() })
        .nullable()
        .meta({ description: "The campaign that it is about, and what its sponsor wants the data for" }),
      session_id: z.string().nullable(),
      created_at: Timestamp,
      expires_at: Timestamp,
    }),
  ),
  ...Page.shape,
});
