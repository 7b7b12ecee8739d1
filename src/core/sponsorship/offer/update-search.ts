import type { Sql, SqlPool } from "../../ports/sql.ts";
import { waitForTurn } from "../../protocol/turns.ts";
import type { Thesaurus } from "../../protocol/search-text/index.ts";
import { findTerms, toTsvector } from "./find-terms.ts";
import { lockEntries, placeEntries, replaceOffers, servicesOfAccounts } from "./store.ts";
import { addEntries, addTerms, addWords, readTexts, writeTerms } from "./terms-store.ts";

/** After so many services others get their turn: one takes up to a millisecond. */
const AT_ONCE = 10;
/** Services that are locked in one transaction, where many change. */
const SERVICES_AT_ONCE = 100;

/**
 * Makes search know services after their texts, or their campaigns' texts, have changed, in the transaction that changed them.
 * Includes `refreshOffers`.
 */
export async function indexServices(
  sql: Sql,
  serviceIds: readonly string[],
  thesaurus: Thesaurus,
): Promise<void> {
  await addEntries.count(sql, { service_ids: serviceIds });
  await lockEntries.count(sql, { service_ids: serviceIds });
  const found = { service_ids: [] as string[], terms: [] as string[] };
  const allTerms = new Set<string>();
  const allWords = new Set<string>();
  for (const [index, texts] of (await readTexts.all(sql, { service_ids: serviceIds })).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await waitForTurn();
    const { terms, words } = findTerms(texts, thesaurus);
    found.service_ids.push(texts.service_id);
    found.terms.push(toTsvector(terms));
    for (const term of terms.keys()) allTerms.add(term);
    for (const word of words) allWords.add(word);
  }
  await writeTerms.count(sql, { ...found, version: thesaurus.version });
  await addTerms.count(sql, { terms: [...allTerms] });
  await addWords.count(sql, { words: [...allWords] });
  await refreshOffers(sql, serviceIds);
}

/**
 * Makes search know who pays for services, after a change of a service, a campaign or a budget, in the transaction of that change or
 * right after it. A change that others may make at the same time locks what it changes first (docs/lock-order.md).
 * @returns how many offers were wrong before
 */
export async function refreshOffers(sql: Sql, serviceIds: readonly string[]): Promise<number> {
  await lockEntries.count(sql, { service_ids: serviceIds });
  const { changed } = await replaceOffers.one(sql, { service_ids: serviceIds });
  await placeEntries.count(sql, { service_ids: serviceIds });
  return changed;
}

/** Makes search know that budgets have gained or lost money. */
export async function refreshOffersOf(sql: SqlPool, accountIds: readonly string[]): Promise<void> {
  const services = await servicesOfAccounts.all(sql, { account_ids: accountIds });
  const ids = services.map(({ service_id }) => service_id);
  for (let start = 0; start < ids.length; start += SERVICES_AT_ONCE)
    await sql.transaction((tx) => refreshOffers(tx, ids.slice(start, start + SERVICES_AT_ONCE)));
}
