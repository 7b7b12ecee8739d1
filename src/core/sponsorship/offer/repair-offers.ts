import type { Deps } from "../../context.ts";
import { changedBudgets, sliceOfServices } from "./store.ts";
import { indexServices, refreshOffers, refreshOffersOf } from "./update-search.ts";

/** Comes before every id. */
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";
/** Services that are compared in one round, and locked in one transaction. */
const SLICE = 2_000;
const AT_ONCE = 100;
/** Transfers that a round reads at most, and their age in seconds: longer than from one round to the next. */
const MOST_TRANSFERS = 2_000;
const RECENT_SECONDS = 60;

/** Ranks services anew whose budgets have gained or lost money where no verb could do it: a late settlement, a refund. */
export async function refreshChangedBudgets({ sql }: Pick<Deps, "sql">): Promise<void> {
  const changed = await changedBudgets.all(sql, { most_transfers: MOST_TRANSFERS, seconds: RECENT_SECONDS });
  if (changed.length > 0)
    await refreshOffersOf(
      sql,
      changed.map(({ account_id }) => account_id),
    );
}

/**
 * Compares a slice of all services with what search knows of them, repairs what differs, and reports it: some verb doesn't keep
 * the offers true.
 * @param after the last service of the slice before; null: start with the first one
 * @returns the last service of this slice; null if it was the last slice
 */
export async function repairSlice(
  ctx: Pick<Deps, "sql" | "log" | "thesaurus">,
  after: string | null,
): Promise<string | null> {
  const { sql, log, thesaurus } = ctx;
  const services = await sliceOfServices.all(sql, { after: after ?? BEFORE_ALL, most: SLICE });
  const missing = services.filter(({ has_entry }) => !has_entry).map(({ service_id }) => service_id);
  const ids = services.map(({ service_id }) => service_id);
  let repaired = 0;
  for (let start = 0; start < missing.length; start += AT_ONCE)
    await sql.transaction((tx) => indexServices(tx, missing.slice(start, start + AT_ONCE), thesaurus));
  for (let start = 0; start < ids.length; start += AT_ONCE)
    repaired += await sql.transaction((tx) => refreshOffers(tx, ids.slice(start, start + AT_ONCE)));
  if (repaired + missing.length > 0)
    log.warn(
      { event: "offers_repaired", offers: repaired, services_without_entry: missing.length },
      "search didn't know the offers of some services as they are; they were repaired",
    );
  return services.length < SLICE ? null : (ids.at(-1) ?? null);
}
