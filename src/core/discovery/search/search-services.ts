import type { z } from "zod";
import type { AgentActor, Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { boundPage, LEFT_OUT_SCHEMA } from "../../protocol/large-pages.ts";
import { next } from "../../protocol/next-actions.ts";
import { listCategories } from "./category-store.ts";
import type { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
import { MAX_PAGE } from "./schema.ts";
import type { DirectRow, OfferRow, Search, Viewer } from "./store.ts";
import { NOBODY, searchDirect, searchOffers } from "./store.ts";

type Input = z.infer<typeof SearchInput>;
type Context = Pick<Deps, "db" | "searches"> & { actor: SessionActor };
/** Without a session, an agent's API key finds only what is open to every user. */
type AnyContext = Pick<Deps, "db" | "searches"> & { actor: SessionActor | AgentActor };

/** Only the first results get a next action of their own. */
const MAX_SUGGESTIONS = 3;
/** How many services without a sponsor an answer lists. */
const MAX_DIRECT = 10;

/**
 * Finds what this session could use: one result for each campaign and service, and one for each API with an
 * open budget. If no sponsor pays for a match, the answer lists services that can be paid for directly
 * (R3.4).
 * @throws `rate_limited`, `service_unavailable` if too many searches wait already
 */
export function searchServices(
  ctx: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  return ctx.searches.run(callerKey(ctx), () => findServices(ctx, input));
}

async function findServices(
  { db, actor }: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  const viewer = viewerOf(actor);
  const { offset = 0, limit = MAX_PAGE, ...filters } = input;
  const search = toSearch(input, offset, limit);
  const offers = withBoundedSchemas(await searchOffers(db, viewer, search));
  // Each row carries the total count. A page past the end has no row, so the first row is read for it.
  const [first] =
    offers.length === 0 && offset > 0
      ? await searchOffers(db, viewer, { ...search, offset: 0, limit: 1 })
      : offers;
  const total = Number(first?.total ?? 0n);
  const direct =
    total === 0
      ? withBoundedSchemas(await searchDirect(db, viewer.scopes, { ...search, limit: MAX_DIRECT }))
      : [];
  return {
    data: {
      services: offers.map(toView),
      total_count: total,
      offset,
      limit,
      applied_filters: filters,
      ...(direct.length > 0 && { direct_payment: { services: direct.map(toDirectView) } }),
    },
    nextActions: [
      ...suggestNext(offers, input, total, offset + offers.length),
      ...direct.slice(0, MAX_SUGGESTIONS).map((api) => next.payDirectly(api.service_key, api.input_schema)),
    ],
  };
}

/** Lists services that can be run right now, without doing a task first. */
export async function listReadyServices(ctx: Context): Promise<ServiceView[]> {
  const ready = { ...toSearch({}, 0, MAX_PAGE), readyOnly: true };
  const offers = await ctx.searches.run(callerKey(ctx), () =>
    searchOffers(ctx.db, viewerOf(ctx.actor), ready),
  );
  return withBoundedSchemas(offers).map(toView);
}

const withBoundedSchemas = <Row extends Pick<OfferRow, "input_schema" | "output_schema">>(
  rows: readonly Row[],
): Row[] =>
  boundPage(
    rows,
    ({ input_schema, output_schema }) => [input_schema, output_schema],
    (row) => ({ ...row, input_schema: LEFT_OUT_SCHEMA, output_schema: null }),
  );

/** Lists categories to try when a search found nothing, the most common first. */
export async function listAvailableCategories({
  sql,
  actor,
}: Pick<Deps, "sql"> & { actor: SessionActor | AgentActor }): Promise<string[]> {
  const { userId, scopes } = viewerOf(actor);
  const rows = await listCategories.all(sql, {
    user_id: userId,
    scope_categories: scopes?.categories ?? null,
  });
  return rows.map(({ category }) => category);
}

const viewerOf = (actor: SessionActor | AgentActor): Viewer =>
  actor.kind === "session" ? actor : { userId: NOBODY, scopes: null, remainingMicros: null };

function toSearch(input: Input, offset: number, limit: number): Search {
  return {
    q: input.q,
    category: input.category,
    intent: input.intent,
    preferredTaskTypes: input.preferred_task_types,
    maxTaskSeconds: input.max_task_duration_seconds,
    allowedDataTypes: input.allowed_data_types,
    maxBudgetMicros: input.max_budget_cents === undefined ? undefined : centsToMicros(input.max_budget_cents),
    readyOnly: false,
    offset,
    limit,
  };
}

function toView(offer: OfferRow): ServiceView {
  return {
    service_type: offer.service_type,
    service_id: offer.service_id,
    service_key: offer.service_key,
    name: offer.name,
    description: offer.description,
    sponsor: offer.sponsor,
    required_task: offer.required_task,
    task_type: offer.task_type,
    subsidy_amount_cents: microsToCents(offer.subsidy),
    price_cents: microsToCents(offer.price),
    categories: offer.categories,
    tags: offer.tags,
    estimated_task_duration_seconds: offer.task_duration,
    relevance_score: offer.relevance,
    already_completed: offer.completed,
    active: true,
    input_schema: offer.input_schema,
    ...(offer.output_schema !== null && { output_schema: offer.output_schema }),
  };
}

/** A service without a sponsor. The caller can pay for it directly. */
const toDirectView = ({ price_micros, output_schema, ...api }: DirectRow) => ({
  ...api,
  ...(output_schema !== null && { output_schema }),
  price_cents: microsToCents(price_micros),
});

/** @param seen how many results this page and the pages before it have shown */
function suggestNext(offers: OfferRow[], input: Input, total: number, seen: number): NextAction[] {
  const { offset: _offset, limit, ...filters } = input;
  const filtered = Object.keys(filters).length > 0;
  return [
    ...offers.slice(0, MAX_SUGGESTIONS).map((offer) =>
      offer.completed
        ? next.runService(offer.service_key, {
            campaignId: offer.service_type === "campaign" ? offer.service_id : undefined,
            inputSchema: offer.input_schema,
          })
        : next.getTask(offer.service_id, "Read the task after which a sponsor pays for this service."),
    ),
    ...(seen < total && offers.length > 0
      ? [
          next.searchServices(
            { ...filters, ...(limit !== undefined && { limit }), offset: seen },
            "See the next page.",
          ),
        ]
      : []),
    ...(total === 0 && filtered
      ? [next.searchServices({}, "List all services that this session could use.")]
      : []),
    next.flowStatus(),
  ];
}
