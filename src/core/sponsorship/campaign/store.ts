import type { Campaign } from "../../../platform/generated/prisma/client.ts";
import type { Account } from "../../money/budget/index.ts";
import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, boolean, integer, json, nullable, oneOf, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

export type CampaignRow = Omit<Campaign, "searchText">;

const DETAILS = {
  budgetAccount: { select: ACCOUNT_FIELDS },
  services: {
    select: { sponsoredApi: { select: { serviceKey: true } } },
    orderBy: { sponsoredApi: { serviceKey: "asc" } },
  },
  verdictSecret: { select: { madeAt: true, previousUntil: true } },
} as const;

export type CampaignDetails = CampaignRow & {
  budgetAccount: Account;
  services: { sponsoredApi: { serviceKey: string } }[];
  /** When the secret of its holdback webhook was made, and until when the one before signs too. */
  verdictSecret: { madeAt: Date; previousUntil: Date | null } | null;
};

const HOLDBACK = {
  holdback: nullable(oneOf("hand", "rule", "webhook")),
  holdback_seconds: nullable(integer),
  holdback_rule: nullable(json()),
  holdback_url: nullable(text),
};

export const insertCampaign = statement({
  name: "campaign.insert",
  limit: "money",
  params: {
    id: uuid,
    sponsor_id: uuid,
    name: text,
    description: text,
    target_roles: texts(),
    target_tools: texts(),
    required_task: text,
    task_type: text,
    task_description: text,
    task_schema: json(),
    task_data_types: texts<DataType>(),
    required_data_types: texts<DataType>(),
    purpose: text,
    retention_days: integer,
    subsidy_micros: bigint,
    max_calls_per_user: nullable(integer),
    estimated_task_duration_seconds: nullable(integer),
    tags: texts(),
    active: boolean,
    budget_account_id: uuid,
    ...HOLDBACK,
  },
  row: {},
  text: `
    INSERT INTO campaigns (id, sponsor_id, name, description, target_roles, target_tools, required_task, task_type, task_description,
                           task_schema, task_data_types, required_data_types, purpose, retention_days, subsidy_micros,
                           max_calls_per_user, estimated_task_duration_seconds, tags, active, budget_account_id,
                           holdback, holdback_seconds, holdback_rule, holdback_url)
    VALUES ($id, $sponsor_id, $name, $description, $target_roles, $target_tools, $required_task, $task_type, $task_description,
            $task_schema, $task_data_types, $required_data_types, $purpose, $retention_days, $subsidy_micros,
            $max_calls_per_user, $estimated_task_duration_seconds, $tags, $active, $budget_account_id,
            $holdback, $holdback_seconds, $holdback_rule, $holdback_url)`,
});

/**
 * Changes what isn't null. Only the cap on a user's calls can be set to null, which is no cap: it changes if
 * `changes_max_calls` says so. Locks the campaign until the transaction ends, also if nothing changes.
 */
export const updateCampaign = statement({
  name: "campaign.update",
  limit: "money",
  params: {
    id: uuid,
    active: nullable(boolean),
    name: nullable(text),
    description: nullable(text),
    target_roles: nullable(texts()),
    target_tools: nullable(texts()),
    subsidy_micros: nullable(bigint),
    changes_max_calls: boolean,
    max_calls_per_user: nullable(integer),
    estimated_task_duration_seconds: nullable(integer),
    tags: nullable(texts()),
    changes_holdback: boolean,
    ...HOLDBACK,
  },
  row: {},
  text: `
    UPDATE campaigns SET
      active = coalesce($active, active), name = coalesce($name, name), description = coalesce($description, description),
      target_roles = coalesce($target_roles, target_roles), target_tools = coalesce($target_tools, target_tools),
      subsidy_micros = coalesce($subsidy_micros, subsidy_micros),
      max_calls_per_user = CASE WHEN $changes_max_calls THEN $max_calls_per_user ELSE max_calls_per_user END,
      estimated_task_duration_seconds = coalesce($estimated_task_duration_seconds, estimated_task_duration_seconds),
      tags = coalesce($tags, tags),
      holdback = CASE WHEN $changes_holdback THEN $holdback ELSE holdback END,
      holdback_seconds = CASE WHEN $changes_holdback THEN $holdback_seconds ELSE holdback_seconds END,
      holdback_rule = CASE WHEN $changes_holdback THEN $holdback_rule ELSE holdback_rule END,
      holdback_url = CASE WHEN $changes_holdback THEN $holdback_url ELSE holdback_url END
     WHERE id = $id AND archived_at IS NULL`,
});

/** Archives a campaign for good: it pays for no new calls. Writes one row if it wasn't archived before. */
export const archive = statement({
  name: "campaign.archive",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `UPDATE campaigns SET archived_at = now(), active = false WHERE id = $id AND archived_at IS NULL`,
});

/**
 * Archives a sponsor's campaigns that are paused, and locks the active ones. Returns the services of those that it archived: a row each,
 * more than once for a service of several.
 */
export const archiveCampaignsOf = statement({
  name: "campaign.archive-of-sponsor",
  limit: "money",
  params: { sponsor_id: uuid },
  row: { service_id: uuid },
  text: `
    WITH own AS (
      SELECT id, active FROM campaigns WHERE sponsor_id = $sponsor_id AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE
    ), archived AS (
      UPDATE campaigns SET archived_at = now() WHERE id IN (SELECT id FROM own WHERE NOT active) RETURNING id
    )
    SELECT s.sponsored_api_id AS service_id FROM archived a JOIN campaign_services s ON s.campaign_id = a.id`,
});

export async function findCampaignOfSponsor(
  db: Queries,
  id: string,
  sponsorId: string,
): Promise<CampaignDetails | undefined> {
  return (await db.campaign.findFirst({ where: { id, sponsorId }, include: DETAILS })) ?? undefined;
}

/**
 * Finds a campaign, whether this user is in its target group (`eligible`), the user's last answer to its task, if there is one,
 * and how many were rejected. `completionId`: the answer that stands, if it may still count.
 */
export async function findCampaignForUser(db: Queries, id: string, userId: string) {
  const [campaign, payer, answer, rejections] = await Promise.all([
    db.campaign.findUnique({
      where: { id },
      omit: { searchText: true },
      include: { sponsor: { select: { name: true } } },
    }),
    // The same for each service of the campaign. A campaign has at least one.
    db.servicePayer.findFirst({ where: { campaignId: id, userId }, select: { eligible: true } }),
    db.answerState.findFirst({
      where: { campaignId: id, userId },
      orderBy: [{ stands: "desc" }, { createdAt: "desc" }, { id: "desc" }],
    }),
    db.answerState.count({ where: { campaignId: id, userId, rejectedAt: { not: null } } }),
  ]);
  if (campaign === null) return undefined;
  const { sponsor, ...row } = campaign;
  return {
    ...row,
    sponsorName: sponsor.name,
    eligible: payer?.eligible ?? false,
    completionId: answer?.stands === true && answer.state !== "rejected" ? answer.id : null,
    answer,
    rejections,
  };
}

export async function listCampaignsOfSponsor(
  db: Queries,
  sponsorId: string,
  offset: number,
  limit: number,
): Promise<Omit<CampaignDetails, "taskSchema">[]> {
  return db.campaign.findMany({
    where: { sponsorId },
    // A page of them could have 3 MB, and a list shows none of it.
    omit: { taskSchema: true, searchText: true },
    include: DETAILS,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: offset,
    take: limit,
  });
}

export async function countCampaigns(db: Queries, sponsorId: string): Promise<number> {
  return db.campaign.count({ where: { sponsorId } });
}

/** Counts completions that count, by campaign id. A campaign without any isn't in the map. */
export async function countCompletions(db: Queries, campaignIds: string[]): Promise<Map<string, number>> {
  const counts = await db.countingCompletion.groupBy({
    by: ["campaignId"],
    where: { campaignId: { in: campaignIds } },
    _count: true,
  });
  return new Map(counts.map(({ campaignId, _count }) => [campaignId, _count]));
}
