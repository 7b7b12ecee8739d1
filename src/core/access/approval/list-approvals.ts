import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { ListApprovalsInput, ListApprovalsOutput } from "./schema.ts";
import { BudgetRequest, CombinedRequest, DataRequest, GrantRequest } from "./schema.ts";
import type { SearchedApproval } from "./search-store.ts";
import { findCampaignsAskedAbout, searchApprovals } from "./search-store.ts";

/**
 * Lists approvals, newest first: who asks whom for what. `q` looks in the agents' names and the users' e-mail
 * addresses. The code that the agent shows isn't listed: it proves that the person who decides has met the agent.
 */
export async function listApprovals(
  { db }: Pick<Deps, "db">,
  { q, status, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListApprovalsInput>,
): Promise<z.infer<typeof ListApprovalsOutput>> {
  const [approvals, total] = await searchApprovals(db, { q, status }, { offset, limit });
  const campaigns = await findCampaignsAskedAbout(
    db,
    approvals.flatMap((approval) => campaignOf(approval) ?? []),
  );
  return {
    approvals: approvals.map((approval) => {
      const campaign = campaigns.get(campaignOf(approval) ?? "");
      return {
        approval_id: approval.id,
        kind: approval.kind,
        status: approval.status,
        agent: { agent_id: approval.agentId, name: approval.agent.name },
        user: approval.user && { user_id: approval.user.id, email: approval.user.email ?? "" },
        asks: asked(approval),
        campaign: campaign ?? null,
        session_id: approval.agentSessionId,
        created_at: approval.createdAt.toISOString(),
        expires_at: approval.expiresAt.toISOString(),
      };
    }),
    total_count: total,
    offset,
    limit,
  };
}

type Asked = z.infer<typeof ListApprovalsOutput>["approvals"][number]["asks"];

function asked({ kind, requested }: SearchedApproval): Asked {
  switch (kind) {
    case "grant":
    case "gpt_sign_in":
      return GrantRequest.parse(requested);
    case "data":
      return DataRequest.parse(requested);
    case "combined":
      return CombinedRequest.parse(requested);
    case "budget":
      return BudgetRequest.parse(requested);
  }
}

function campaignOf(approval: SearchedApproval): string | undefined {
  const request = asked(approval);
  return "campaign_id" in request ? (request.campaign_id ?? undefined) : undefined;
}
