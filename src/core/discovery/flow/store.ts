import type { Queries } from "../../ports/database.ts";

/** Answers listed at most. */
const MOST = 100;
/** How long a rejection is told. */
const TOLD_MS = 7 * 24 * 3_600_000;

/** Lists a user's completed tasks that count, newest first. */
export async function listCompletedTasks(db: Queries, userId: string) {
  const completions = await db.countingCompletion.findMany({
    where: { userId },
    orderBy: { createdAt: "desc" },
    take: MOST,
  });
  return withCampaigns(db, completions);
}

/** Lists a user's answers that are held back, or were rejected lately and not given anew; newest first. */
export async function listReviewedAnswers(db: Queries, userId: string) {
  const answers = await db.answerState.findMany({
    where: {
      userId,
      OR: [{ state: "held_back" }, { rejectedAt: { gt: new Date(Date.now() - TOLD_MS) } }],
    },
    orderBy: { createdAt: "desc" },
    take: MOST,
  });
  const campaignIds = answers.map(({ campaignId }) => campaignId);
  const counting = await db.countingCompletion.findMany({
    where: { userId, campaignId: { in: campaignIds } },
    select: { campaignId: true },
  });
  const done = new Set(counting.map(({ campaignId }) => campaignId));
  const newest = answers.filter(
    ({ campaignId }, index) => !done.has(campaignId) && campaignIds.indexOf(campaignId) === index,
  );
  return withCampaigns(db, newest);
}

/** Rows with their campaigns. */
async function withCampaigns<Row extends { campaignId: string }>(db: Queries, rows: readonly Row[]) {
  const campaigns = await db.campaign.findMany({
    where: { id: { in: rows.map(({ campaignId }) => campaignId) } },
    select: { id: true, name: true, taskType: true },
  });
  return rows.flatMap((row) => {
    const campaign = campaigns.find(({ id }) => id === row.campaignId);
    return campaign === undefined ? [] : [{ ...row, campaign }];
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
