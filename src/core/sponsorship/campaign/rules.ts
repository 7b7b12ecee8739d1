import type { z } from "zod";
import { budgetState, budgetToWire } from "../../money/budget/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { viewHoldback } from "./holdback.ts";
import type { CampaignView } from "./schema.ts";
import type { CampaignDetails } from "./store.ts";

const MAX_TAGS = 20;

/** A campaign as its sponsor sees it. */
export const toView = (campaign: CampaignDetails, completions: number): z.infer<typeof CampaignView> => ({
  ...toListedView(campaign, completions),
  task_description: campaign.taskDescription,
  task_schema: campaign.taskSchema as Record<string, unknown>,
});

/** The same without its task. */
export function toListedView(
  campaign: Omit<CampaignDetails, "taskSchema">,
  completions: number,
): Omit<z.infer<typeof CampaignView>, "task_description" | "task_schema"> {
  return {
    campaign_id: campaign.id,
    name: campaign.name,
    description: campaign.description,
    service_keys: campaign.services.map(({ sponsoredApi }) => sponsoredApi.serviceKey),
    target_roles: campaign.targetRoles,
    target_tools: campaign.targetTools,
    required_task: campaign.requiredTask,
    task_type: campaign.taskType,
    purpose: campaign.purpose,
    retention_days: campaign.retentionDays,
    subsidy_per_call_cents: microsToCents(campaign.subsidyMicros),
    max_calls_per_user: campaign.maxCallsPerUser,
    estimated_task_duration_seconds: campaign.taskDurationSeconds,
    tags: campaign.tags,
    active: campaign.active,
    ...(campaign.archivedAt !== null && { archived_at: campaign.archivedAt.toISOString() }),
    holdback: viewHoldback(campaign),
    verdict_secret: viewSecret(campaign.verdictSecret),
    created_at: campaign.createdAt.toISOString(),
    budget: budgetToWire(campaign.budgetAccount),
    budget_state: budgetState(campaign.budgetAccount),
    completions,
  };
}

function viewSecret(
  secret: CampaignDetails["verdictSecret"],
  now = new Date(),
): z.infer<typeof CampaignView>["verdict_secret"] {
  if (secret === null) return null;
  const { madeAt, previousUntil: until } = secret;
  return {
    made_at: madeAt.toISOString(),
    previous_secret_until: until !== null && until > now ? until.toISOString() : null,
  };
}

/** Tags of a campaign whose sponsor gave none: those of its services, their categories, and the task type. */
export function defaultTags(
  services: { tags: string[]; categories: string[] }[],
  taskType: string,
): string[] {
  const all = services.flatMap(({ tags, categories }) => [...categories, ...tags]);
  return [...new Set([...all, taskType])].slice(0, MAX_TAGS);
}
