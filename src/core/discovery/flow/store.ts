import type { Queries } from "../../ports/database.ts";

/** Lists a user's completed tasks whose consent stands, newest first, at most 100. */
export async function listCompletedTasks(db: Queries, userId: string) {
  const completions = await db.taskCompletion.findMany({
    where: { userId, withdrawnAt: null },
    select: { campaignId: true, createdAt: true },
    orderBy: { createdAt: "desc" },
    take: 100,
  });
  const campaigns = await db.campaign.findMany({
    where: { id: { in: completions.map(({ campaignId }) => campaignId) } },
    select: { id: true, name: true, taskType: true },
  });
  return completions.flatMap(({ campaignId, createdAt }) => {
    const campaign = campaigns.find(({ id }) => id === campaignId);
    return campaign === undefined ? [] : [{ campaign, completedAt: createdAt }];
  });
}

/** The campaign whose task or plan this session asked for last. Undefined: none yet. */
export async function findSelectedCampaign(db: Queries, sessionId: string): Promise<string | undefined> {
  const session = await db.agentSession.findUniqueOrThrow({
    where: { id: sessionId },
    select: { selectedCampaignId: true },
  });
  return session.selectedCampaignId ?? undefined;
}
