import type { Queries } from "../../ports/database.ts";
import type { AgentOwner } from "../agent/index.ts";
import { OWNER } from "../agent/index.ts";
import type { ApprovalRow } from "../approval/index.ts";

const AGENT = { agent: { select: { name: true, returnUrl: true, clientHost: true, owner: OWNER } } } as const;

export type AskedQuestion = ApprovalRow & { agent: AgentOwner & { name: string; returnUrl: string | null } };

/** An approval that this person may see: it waits for them, or for nobody in particular yet. */
export async function findQuestion(
  db: Queries,
  id: string,
  userId: string,
): Promise<AskedQuestion | undefined> {
  const approval = await db.approvalState.findFirst({
    where: { id, OR: [{ userId }, { userId: null }] },
    include: AGENT,
  });
  // The database allows no other kind and status: the table has checks.
  return (approval ?? undefined) as AskedQuestion | undefined;
}

/** The open questions whose code this person has entered, the oldest first. */
export async function listOpenQuestions(db: Queries, userId: string, most: number): Promise<AskedQuestion[]> {
  const approvals = await db.approvalState.findMany({
    where: { userId, status: "pending", codeEnteredAt: { not: null } },
    include: AGENT,
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: most,
  });
  return approvals as AskedQuestion[];
}

/** What the user allows this agent now, and what it has used of it. */
export async function findPresentGrant(db: Queries, userId: string, agentId: string) {
  const grant = await db.liveGrant.findFirst({ where: { userId, agentId } });
  if (grant === null) return null;
  const account = await db.accountBalance.findUniqueOrThrow({ where: { id: grant.budgetAccountId } });
  return { grant, account };
}

export const findServiceAskedAbout = (db: Queries, serviceKey: string) =>
  db.sponsoredApi.findUnique({
    where: { serviceKey },
    select: { serviceKey: true, name: true, sponsor: { select: { name: true } } },
  });

export const findCampaignAskedAbout = (db: Queries, id: string) =>
  db.campaign.findUnique({
    where: { id },
    select: { name: true, purpose: true, retentionDays: true, sponsor: { select: { name: true } } },
  });
