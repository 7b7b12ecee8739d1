import type { z } from "zod";
import type { AgentActor, Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { explain } from "./explain.ts";
import { findNearMisses } from "./near-misses.ts";
import { findDirectServices, toDirectView } from "./nothing-found.ts";
import { listCategories } from "./offer-store.ts";
import type { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
import { findUsable, readPage, toView } from "./results.ts";
import { MAX_PAGE } from "./schema.ts";
import { suggestNext } from "./suggest-next.ts";
import type { Query } from "./understand-query.ts";
import { understandQuery } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { NO_FILTERS, NOBODY } from "./usable.ts";

type Input = z.infer<typeof SearchInput>;
type Reads = Pick<Deps, "sql" | "thesaurus" | "catalogue">;
type Queues = Pick<Deps, "searches" | "lists">;
type Context = Reads & Queues & { actor: SessionActor };
/** Without a session, an agent's API key finds only what is open to every user. */
type AnyContext = Reads & Queues & Pick<Deps, "tally"> & { actor: SessionActor | AgentActor };

/** Categories that an answer without results lists. */
const MAX_CATEGORIES = 100;

/**
 * Finds what this session could use: one result for each campaign and service, and one for each API with an
 * open budget. If no sponsor pays for a match, the answer lists services that can be paid for directly
 * (R3.4), and says what stands in the way of others.
 * @throws `rate_limited`, `service_unavailable` if too many searches wait already
 */
export function searchServices(
  ctx: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  const hasText = input.q !== undefined || input.intent !== undefined;
  return (hasText ? ctx.searches : ctx.lists).run(callerKey(ctx), () => findServices(ctx, input));
}

async function findServices(
  ctx: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  const viewer = viewerOf(ctx.actor);
  const { offset = 0, limit = MAX_PAGE, explain: explains = false, ...filters } = input;
  const search = { viewer, filters: toFilters(input) };
  const texts = [input.q, input.intent].filter((text) => text !== undefined);
  const categories = [
    ...(viewer.scopes?.categories ?? []),
    ...(input.category === undefined ? [] : [input.category]),
  ];

  const query = await understandQuery(ctx, texts, categories);
  const usable = await findUsable(ctx, query, search);
  const { scores, found, isCut, ranked } = usable;
  const isEmpty = ranked.length === 0;
  // Beside results, they come with the first page only.
  const [page, nearMisses] = await Promise.all([
    readPage(ctx, ranked.slice(offset, offset + limit)),
    isEmpty || offset === 0 ? findNearMisses(ctx, query, search, usable) : [],
  ]);

  ctx.tally.count(
    "seen",
    page.map(({ offer }) => offer.campaign_id),
  );

  const [direct, availableCategories] = isEmpty
    ? await Promise.all([findDirectServices(ctx, scores, search), listAvailableCategories(ctx)])
    : [[], []];
  return {
    data: {
      services: page.map((result) =>
        explains
          ? {
              ...toView(result),
              why: explain(result, found.get(result.offer.service_id) ?? new Map(), query),
            }
          : toView(result),
      ),
      total_count: ranked.length,
      ...(isCut && { total_is_lower_bound: true as const }),
      ...(availableCategories.length > 0 && { available_categories: availableCategories }),
      ...(nearMisses.length > 0 && { near_misses: nearMisses }),
      ...((explains || query.corrected.length > 0) && { understood: describe(query) }),
      offset,
      limit,
      applied_filters: filters,
      ...(direct.length > 0 && { direct_payment: { services: direct.map(toDirectView) } }),
    },
    nextActions: suggestNext({
      ...{ page, direct, nearMisses, input },
      total: ranked.length,
      seen: offset + page.length,
    }),
  };
}

/** Lists services that can be run right now, without doing a task first. */
export async function listReadyServices(ctx: Context): Promise<ServiceView[]> {
  const viewer = viewerOf(ctx.actor);
  const search = { viewer, filters: { ...NO_FILTERS, readyOnly: true } };
  return ctx.lists.run(callerKey(ctx), async () => {
    const query = await understandQuery(ctx, [], []);
    const { ranked } = await findUsable(ctx, query, search);
    return (await readPage(ctx, ranked.slice(0, MAX_PAGE))).map(toView);
  });
}

/** Lists categories to try when a search found nothing, the most common first. */
export async function listAvailableCategories({
  sql,
  actor,
}: Pick<Deps, "sql"> & { actor: SessionActor | AgentActor }): Promise<string[]> {
  const rows = await listCategories.all(sql, {
    scope_categories: viewerOf(actor).scopes?.categories ?? null,
    most: MAX_CATEGORIES,
  });
  return rows.map(({ category }) => category);
}

const describe = ({ texts, corrected }: Query): z.infer<typeof SearchOutput>["understood"] => ({
  parts: texts.flat().map(({ text }) => text),
  ...(corrected.length > 0 && { corrected }),
});

const viewerOf = (actor: SessionActor | AgentActor): Viewer =>
  actor.kind === "session" ? actor : { userId: NOBODY, scopes: null, remainingMicros: null };

const toFilters = (input: Input): Filters => ({
  category: input.category,
  preferredTaskTypes: input.preferred_task_types,
  maxTaskSeconds: input.max_task_duration_seconds,
  allowedDataTypes: input.allowed_data_types,
  maxBudgetMicros: input.max_budget_cents === undefined ? undefined : centsToMicros(input.max_budget_cents),
  readyOnly: false,
});
