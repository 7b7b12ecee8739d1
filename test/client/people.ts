import type { ApprovalRequest, OnApproval, OnTask } from "../../src/client/index.ts";
import { admin, CONSENT, GRANT_SCOPES } from "../support/world.ts";

/** A person at their screen: sees what the client shows them, and decides. */
export interface Person {
  seen: ApprovalRequest[];
  onApproval: OnApproval;
}

/** Says yes to whatever they are asked; to a grant with these terms. */
export function willing(
  url: string,
  userId: string,
  terms: { scopes?: unknown; budgetCents?: number } = {},
): Person {
  return person(url, userId, ({ kind }) => ({
    decision: "approve",
    ...(kind === "grant" && {
      scopes: terms.scopes ?? GRANT_SCOPES,
      budget_limit_cents: terms.budgetCents ?? 100,
      expires_at: new Date(Date.now() + 24 * 3600 * 1000).toISOString(),
    }),
  }));
}

export const unwilling = (url: string, userId: string): Person =>
  person(url, userId, () => ({ decision: "deny" }));

function person(url: string, userId: string, decide: (request: ApprovalRequest) => object): Person {
  const seen: ApprovalRequest[] = [];
  return {
    seen,
    onApproval: async (request) => {
      seen.push(request);
      await admin(url, `/admin/approvals/${request.approvalId}/decide`, {
        user_id: userId,
        ...decide(request),
      });
    },
  };
}

/** Answers any of the tests' tasks, and consents. */
export const answering: OnTask = () => ({ taskData: { score: 4 }, consent: CONSENT });

/** The key of an agent that nobody has granted anything. */
export async function newcomer(url: string): Promise<string> {
  const agent = await admin(url, "/admin/agents", { name: "Newcomer" });
  return agent["api_key"] as never;
}
