import type { Campaign, Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Account } from "../../money/budget/index.ts";
import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";

export type CampaignRow = Omit<Campaign, "searchText">;

const DETAILS = {
  budgetAccount: { select: ACCOUNT_FIELDS },
  services: {
    select: { sponsoredApi: { select: { serviceKey: true } } },
    orderBy: { sponsoredApi: { serviceKey: "asc" } },
  },
} as const;

export type CampaignDetails = CampaignRow & {
  budgetAccount: Account;
  services: { sponsoredApi: { serviceKey: string } }[];
};

export type NewCampaign = Omit<CampaignRow, "active" | "createdAt" | "taskSchema"> & {
  taskSchema: Record<string, unknown>;
  serviceIds: string[];
};

export async function insertCampaign(
  db: Queries,
  { serviceIds, taskSchema, ...campaign }: NewCampaign,
): Promise<CampaignDetails> {
  return db.campaign.create({
    data: {
      ...campaign,
      taskSchema: taskSchema as Prisma.InputJsonObject,
      services: { create: serviceIds.map((sponsoredApiId) => ({ sponsoredApiId })) },
    },
    include: DETAILS,
  });
}

export async function findCampaignOfSponsor(
  db: Queries,
  id: string,
  sponsorId: string,
): Promise<CampaignDetails | undefined> {
  return (await db.campaign.findFirst({ where: { id, sponsorId }, include: DETAILS })) ?? undefined;
}

/**
 * Finds a campaign, whether this user is in its target group (`eligible`), and the user's completion of its
 * task, if one stands.
 */
export async function findCampaignForUser(
  db: Queries,
  id: string,
  userId: string,
): Promise<
  (CampaignRow & { sponsorName: string; eligible: boolean; completionId: string | null }) | undefined
> {
  const campaign = await db.campaign.findUnique({
    where: { id },
    include: { sponsor: { select: { name: true } } },
  });
  if (campaign === null) return undefined;
  const rows = await db.$queryRaw<{ eligible: boolean; completion_id: string | null }[]>`
    SELECT (c.target_roles = '{}' OR c.target_roles && u.roles) AND (c.target_tools = '{}' OR c.target_tools && u.tools_used) AS eligible,
           t.id AS completion_id
      FROM campaigns c
      JOIN users u ON u.id = ${userId}::uuid
      LEFT JOIN task_completions t ON t.campaign_id = c.id AND t.user_id = u.id AND t.withdrawn_at IS NULL
     WHERE c.id = ${id}::uuid`;
  const { sponsor, ...row } = campaign;
  return {
    ...row,
    sponsorName: sponsor.name,
    eligible: rows[0]?.eligible ?? false,
    completionId: rows[0]?.completion_id ?? null,
  };
}

export async function findServices(
  db: Queries,
  keys: string[],
): Promise<{ id: string; serviceKey: string; tags: string[]; categories: string[] }[]> {
  return db.sponsoredApi.findMany({
    where: { serviceKey: { in: keys } },
    select: { id: true, serviceKey: true, tags: true, categories: true },
  });
}

export async function listCampaignsOfSponsor(
  db: Queries,
  sponsorId: string,
  offset: number,
  limit: number,
): Promise<CampaignDetails[]> {
  return db.campaign.findMany({
    where: { sponsorId },
    include: DETAILS,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: offset,
    take: limit,
  });
}

export async function countCampaigns(db: Queries, sponsorId: string): Promise<number> {
  return db.campaign.count({ where: { sponsorId } });
}

/** Counts standing completions by campaign id. A campaign without any isn't in the map. */
export async function countCompletions(db: Queries, campaignIds: string[]): Promise<Map<string, number>> {
  const counts = await db.taskCompletion.groupBy({
    by: ["campaignId"],
    where: { campaignId: { in: campaignIds }, withdrawnAt: null },
    _count: true,
  });
  return new Map(counts.map(({ campaignId, _count }) => [campaignId, _count]));
}

/**
 * Changes a campaign and its services. The campaign is locked first, so of several calls at once each applies
 * as a whole.
 */
export async function updateCampaign(
  tx: Queries,
  id: string,
  changes: Prisma.CampaignUncheckedUpdateInput,
  serviceIds: string[] | undefined,
): Promise<CampaignDetails> {
  await tx.$queryRaw`SELECT 1 FROM campaigns WHERE id = ${id}::uuid FOR UPDATE`;
  if (serviceIds !== undefined) {
    await tx.campaignService.deleteMany({ where: { campaignId: id } });
    await tx.campaignService.createMany({
      data: serviceIds.map((sponsoredApiId) => ({ campaignId: id, sponsoredApiId })),
    });
  }
  return tx.campaign.update({ where: { id }, data: changes, include: DETAILS });
}

/** Sets every user's cap on a campaign. A cap never goes below what the user has already used or reserved. */
export async function changeUserCaps(db: Queries, campaignId: string, maxCalls: bigint): Promise<void> {
  // Locked in the order of their ids, like all accounts, so that two transactions can't deadlock.
  await db.$queryRaw`
    SELECT 1 FROM budget_accounts WHERE campaign_id = ${campaignId}::uuid AND kind = 'user_campaign' ORDER BY id FOR UPDATE`;
  await db.$executeRaw`
    UPDATE budget_accounts SET "limit" = greatest(${maxCalls}, reserved + spent)
     WHERE campaign_id = ${campaignId}::uuid AND kind = 'user_campaign'`;
}
