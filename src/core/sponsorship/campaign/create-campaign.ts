import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { openFundedAccount } from "../../money/budget/index.ts";
import { checkSchema, describeSchema } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import type { Queries } from "../../ports/database.ts";
import type { Sql } from "../../ports/sql.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { createOnce } from "../../protocol/idempotency/index.ts";
import { indexServices } from "../offer/index.ts";
import { requireOpen } from "../sponsor/index.ts";
import { checkHoldback } from "./holdback.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import { defaultTags, toView } from "./rules.ts";
import type { CampaignView, CreateCampaignInput } from "./schema.ts";
import { DEFAULT_RETENTION_DAYS } from "./schema.ts";
import { addServices, countCampaignsFor, findServices } from "./services-store.ts";
import { countCompletions, insertCampaign } from "./store.ts";

/**
 * Creates a campaign with an empty budget.
 * @returns the campaign, and whether an earlier call with the same idempotency key created it
 * @throws `validation_error` for a task schema that is unsafe or open, and for services that don't exist, or for which the
 *   sponsor has too many campaigns;
 *   `idempotency_conflict`; `not_found` for an organisation that was closed
 */
export async function createCampaign(
  ctx: Pick<
    Deps,
    "db" | "sql" | "cipher" | "networks" | "settings" | "compute" | "thesaurus" | "upstream"
  > & {
    actor: SponsorActor;
  },
  { idempotency_key: key, ...input }: z.infer<typeof CreateCampaignInput>,
): Promise<{ campaign: z.infer<typeof CampaignView>; replayed: boolean }> {
  const { actor, db } = ctx;
  const { dataTypes, services, network, holdback } = await checkDraft(ctx, input);

  const creation = { owner: actor.sponsorId, operation: "create_campaign", key, request: input };
  const newId = randomUUID();
  const { id, replayed } = await createOnce(ctx, creation, newId, async (sql) => {
    await requireOpen(sql, actor.sponsorId);
    await requireFewCampaigns(
      sql,
      { sponsorId: actor.sponsorId, campaignId: newId },
      input.service_keys,
      services,
    );
    const budgetAccountId = await openFundedAccount(sql, "campaign", network);
    await insertCampaign.count(sql, {
      id: newId,
      sponsor_id: actor.sponsorId,
      name: input.name,
      description: input.description ?? "",
      target_roles: input.target_roles ?? [],
      target_tools: input.target_tools ?? [],
      required_task: input.required_task,
      task_type: input.task_type,
      task_description: input.task_description,
      task_schema: input.task_schema,
      task_data_types: [...dataTypes.all],
      required_data_types: [...dataTypes.required],
      purpose: input.purpose ?? input.required_task,
      retention_days: input.retention_days ?? DEFAULT_RETENTION_DAYS,
      subsidy_micros: centsToMicros(input.subsidy_per_call_cents),
      max_calls_per_user: input.max_calls_per_user ?? null,
      estimated_task_duration_seconds: input.estimated_task_duration_seconds ?? null,
      tags: input.tags ?? defaultTags(services, input.task_type),
      active: input.active ?? true,
      budget_account_id: budgetAccountId,
      ...holdback,
    });
    const serviceIds = services.map((service) => service.id);
    await addServices.count(sql, { campaign_id: newId, service_ids: serviceIds });
    await indexServices(sql, serviceIds, ctx.thesaurus);
  });
  const campaign = await requireOwnCampaign(db, id, actor.sponsorId);
  return { campaign: toView(campaign, (await countCompletions(db, [id])).get(id) ?? 0), replayed };
}

/** A draft of a campaign, as it is checked before it is created and before it is shown. */
export type Draft = Omit<z.infer<typeof CreateCampaignInput>, "idempotency_key">;

/**
 * Checks a draft, and finds what it refers to.
 * @throws `validation_error` for a task schema or a holdback that is unsafe or open, and for services that don't exist
 */
export async function checkDraft(
  ctx: Pick<Deps, "db" | "networks" | "settings" | "compute" | "upstream"> & { actor: SponsorActor },
  input: Draft,
) {
  const texts = [input.name, input.description ?? "", input.required_task, input.task_description];
  const regions = campaignRegions(ctx, texts);
  const schemaErrors = await checkSchema(ctx, input.task_schema, regions);
  if (schemaErrors.length > 0) {
    throw new AppError("validation_error", {
      message: "The task schema isn't allowed. See the errors of its fields.",
      fieldErrors: schemaErrors.map((error) => ({ ...error, path: `/task_schema${error.path}` })),
    });
  }
  const holdback = await checkHoldback(ctx, input.holdback ?? null, regions);
  const { dataTypes } = await describeSchema(ctx, input.task_schema);
  const services = await requireServices(ctx.db, input.service_keys);

  // Its budget pays services of one network: the one of its services.
  const paidOn = services.find((service) => service.network !== null)?.network;
  const network = typeof paidOn === "string" ? ctx.networks.get(paidOn) : ctx.networks.default;
  return { dataTypes, services, network, holdback };
}

/**
 * Each call of a service looks at all campaigns for it, of all sponsors, and campaigns can't be deleted. So one sponsor must
 * not slow down the services of others with thousands.
 */
const MOST_FOR_SERVICE = 200;

/** @throws `validation_error` that names each service for which the sponsor has too many campaigns already */
export async function requireFewCampaigns(
  sql: Sql,
  { sponsorId, campaignId }: { sponsorId: string; campaignId: string },
  keys: readonly string[],
  services: Awaited<ReturnType<typeof findServices>>,
): Promise<void> {
  const counted = await countCampaignsFor.all(sql, {
    sponsor_id: sponsorId,
    campaign_id: campaignId,
    service_ids: services.map(({ id }) => id),
  });
  const full = new Set(
    counted.filter(({ campaigns }) => campaigns >= MOST_FOR_SERVICE).map(({ service_id }) => service_id),
  );
  const fullKeys = new Set(services.filter(({ id }) => full.has(id)).map(({ serviceKey }) => serviceKey));
  const message = `You have ${MOST_FOR_SERVICE} campaigns for this service already. Change one of them.`;
  const fieldErrors = keys.flatMap((key, index) =>
    fullKeys.has(key) ? [{ path: `/service_keys/${index}`, message, keyword: "maxItems" }] : [],
  );
  if (fieldErrors.length > 0) throw new AppError("validation_error", { fieldErrors });
}

/** Finds services by their keys. @throws `validation_error` that names each key without a service */
export async function requireServices(
  db: Queries,
  keys: string[],
): Promise<Awaited<ReturnType<typeof findServices>>> {
  const services = await findServices(db, keys);
  const fieldErrors = keys.flatMap((key, index) =>
    services.some(({ serviceKey }) => serviceKey === key)
      ? []
      : [{ path: `/service_keys/${index}`, message: "there is no such service", keyword: "exists" }],
  );
  if (fieldErrors.length > 0) throw new AppError("validation_error", { fieldErrors });
  return services;
}
