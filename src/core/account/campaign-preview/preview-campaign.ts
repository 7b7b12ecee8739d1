import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import type { OfferedService } from "../../sponsorship/campaign/index.ts";
import { findOfferedServices } from "../../sponsorship/campaign/index.ts";
import { previewTask } from "../../sponsorship/task/index.ts";
import type { AgentsView, CampaignPreview, PreviewCampaignInput } from "./schema.ts";

type Draft = z.infer<typeof PreviewCampaignInput>;
type Preview = z.infer<typeof CampaignPreview>;

const MOST_RESULTS = 5;

/**
 * Shows what agents and people would get of a draft of a campaign, and what it can cost. Nothing is stored.
 * @throws `validation_error` as creating the campaign would
 */
export async function previewCampaign(
  ctx: Pick<Deps, "db" | "networks" | "settings" | "compute" | "upstream"> & { actor: SponsorActor },
  draft: Draft,
): Promise<Preview> {
  const { agent: task, person } = await previewTask(ctx, draft);
  const services = await findOfferedServices(ctx.db, draft.service_keys);
  const subsidyMicros = centsToMicros(draft.subsidy_per_call_cents);
  const network = services.find((service) => service.network !== null)?.network ?? null;
  const offered = services.map((service) => ({
    service,
    whyNot: whyNotPaid(service, subsidyMicros, network),
  }));
  const paid = offered.flatMap(({ service, whyNot }) => (whyNot === null ? [service] : []));
  return {
    agent: { services: paid.slice(0, MOST_RESULTS).map((service) => toResult(service, task, draft)), task },
    person,
    services: offered.map(({ service, whyNot }) => ({
      service_key: service.serviceKey,
      name: service.name,
      sponsor: service.sponsor.name,
      price_cents: microsToCents(service.priceMicros),
      expected_cents: microsToCents(service.expectedCostMicros),
      pays: whyNot === null,
      why_not: whyNot,
    })),
    costs: costsOf(paid, draft.max_calls_per_user),
  };
}

/** As the view `current_offers` decides it. */
function whyNotPaid(
  { active, priceMicros, network }: OfferedService,
  subsidyMicros: bigint,
  paidOn: string | null,
): Preview["services"][number]["why_not"] {
  if (!active) return "inactive";
  if (network !== null && network !== paidOn) return "other_network";
  return priceMicros > subsidyMicros ? "price_above_subsidy" : null;
}

function costsOf(paid: OfferedService[], calls: number | undefined): Preview["costs"] {
  const micros = paid.map(({ priceMicros }) => priceMicros).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const least = paid
    .map(({ expectedCostMicros }) => expectedCostMicros)
    .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
  const most = micros.at(-1);
  if (least === undefined || most === undefined) return { call_cents: null, answer_most_cents: null };
  return {
    call_cents: { least: microsToCents(least), most: microsToCents(most) },
    answer_most_cents: calls === undefined ? null : microsToCents(most * BigInt(calls)),
  };
}

const toResult = (
  service: OfferedService,
  task: z.infer<typeof AgentsView>["task"],
  draft: Draft,
): z.infer<typeof AgentsView>["services"][number] => ({
  service_type: "campaign",
  service_id: task.campaign_id,
  service_key: service.serviceKey,
  name: service.name,
  description: service.description,
  sponsor: task.sponsor,
  required_task: task.required_task,
  task_type: task.task_type,
  subsidy_amount_cents: task.subsidy_amount_cents,
  price_cents: microsToCents(service.priceMicros),
  categories: service.categories,
  tags: [...new Set([...(draft.tags ?? [...service.categories, task.task_type]), ...service.tags])].sort(),
  estimated_task_duration_seconds: draft.estimated_task_duration_seconds ?? null,
  already_completed: false,
  active: true,
  input_schema: service.inputSchema as Record<string, unknown>,
  ...(service.outputSchema !== null && { output_schema: service.outputSchema as Record<string, unknown> }),
});
