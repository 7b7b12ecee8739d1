import type { ApprovalRequest, OnApproval, OnTask } from "../../src/client/index.ts";
import type { Caller } from "../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../support/caller.ts";

/** A person who decides what the client asks them. */
export interface Person {
  /** The questions they were asked, in order. */
  asked: ApprovalRequest[];
  onApproval: OnApproval;
}

/** A person who approves everything. They give a grant with these terms. */
export function approvingPerson(
  caller: Caller,
  userId: string,
  terms: { scopes?: unknown; budgetCents?: number } = {},
): Person {
  return createPerson(caller, userId, ({ kind }) => ({
    decision: "approve",
    ...(kind === "grant" && {
      scopes: terms.scopes ?? GRANT_SCOPES,
      budget_limit_cents: terms.budgetCents ?? 100,
      expires_at: new Date(Date.now() + 24 * 3600 * 1000).toISOString(),
    }),
  }));
}

/** A person who denies everything. */
export const denyingPerson = (caller: Caller, userId: string): Person =>
  createPerson(caller, userId, () => ({ decision: "deny" }));

function createPerson(caller: Caller, userId: string, decide: (request: ApprovalRequest) => object): Person {
  const asked: ApprovalRequest[] = [];
  return {
    asked,
    onApproval: async (request) => {
      asked.push(request);
      await caller.admin(`/admin/approvals/${request.approvalId}/decide`, {
        user_id: userId,
        ...decide(request),
      });
    },
  };
}

/** Answers any task of these tests, and consents. */
export const fillInTask: OnTask = () => ({ taskData: { score: 4 }, consent: CONSENT });

/** Registers an agent that has no grant. Returns its API key. */
export async function createAgentWithoutGrant(caller: Caller): Promise<string> {
  const agent = await caller.admin("/admin/agents", { name: "Newcomer" });
  return agent["api_key"] as never;
}
