import type { Deps } from "../../context.ts";
import type { Prominence } from "../../protocol/search-text/index.ts";
import { categoryTerm, quoteTerm } from "../../protocol/search-text/index.ts";
import { findBest, findReady, matchServices } from "./candidate-store.ts";
import { anyOf, ladder } from "./ladder.ts";
import type { TermsFound } from "./score-text.ts";
import type { Query } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { MOST_CANDIDATES } from "./weights.ts";

/** A service that may be what somebody looks for, and the terms of the search that it has. */
export interface Candidate {
  serviceId: string;
  found: TermsFound;
}

/** If the categories in scope hold a larger share of the catalogue, asking for them costs more than it saves. */
const WORTHWHILE_SCOPE = 0.5;
/** If what is asked for is at least this share of the catalogue, the best services are walked through until there are enough. */
const WALKABLE = 0.1;
/** A catalogue that is scored as a whole. */
const SMALL = MOST_CANDIDATES;
/** A query that no service meets: where no category is in scope, nothing can be found. */
const NO_SERVICE = quoteTerm("=none");
/** Weights of a `tsquery` for each prominence: a term that stands there or at a more prominent place. */
const AT_LEAST: Record<Prominence, string> = { A: "A", B: "AB", C: "ABC", D: "ABCD" };
const PROMINENCES = ["A", "B", "C", "D"] as const;

/**
 * Finds services that may be what somebody looks for, at most some hundreds whatever the size of the catalogue, the most promising
 * first to be taken. Whether they can be used is judged afterwards.
 */
export async function findCandidates(
  { sql }: Pick<Deps, "sql">,
  query: Query,
  { viewer, filters }: { viewer: Viewer; filters: Filters },
): Promise<Candidate[]> {
  const { must, share } = conditions(query, viewer, filters);
  const [text, other] = query.texts;
  if (filters.readyOnly)
    return withoutTerms(
      await findReady.all(sql, { user_id: viewer.userId, must: joined(must), most: MOST_CANDIDATES }),
    );
  const walk = asWalk(query, { viewer, filters });
  if (walk !== undefined) return withoutTerms(await findBest.all(sql, walk));

  const otherQuery = other && anyOf(other, query.frequencies);
  if (other !== undefined && otherQuery === undefined) return [];
  const queries = ladder(
    text ?? [],
    {
      must: [...must, ...(otherQuery === undefined ? [] : [otherQuery])],
      mustFrequency: share * query.frequencies.services,
    },
    query.frequencies,
  );
  if (queries.length === 0) return [];
  const terms = [
    ...new Set(query.texts.flat().flatMap(({ ways }) => ways.flatMap((way) => way.terms))),
  ].filter((term) => query.frequencies.of(term) > 0);
  const tests = terms.flatMap((term) =>
    PROMINENCES.map((prominence) => `${quoteTerm(term)}:${AT_LEAST[prominence]}`),
  );
  const rows = await matchServices(sql, queries, tests);
  return rows.map(({ service_id, met }) => ({
    serviceId: service_id,
    found: new Map(
      terms.flatMap((term, index): [string, Prominence][] => {
        const prominence = PROMINENCES.find((_, place) => isMet(met, index * PROMINENCES.length + place));
        return prominence === undefined ? [] : [[term, prominence]];
      }),
    ),
  }));
}

/**
 * Whether the best services are walked through in their order, since no text is looked for and enough of them fit.
 * @returns what each has to match, for a statement; undefined: they have to be looked for
 */
export function asWalk(
  query: Query,
  { viewer, filters }: { viewer: Viewer; filters: Filters },
): { must: string | null } | undefined {
  if (query.texts.length > 0 || filters.readyOnly) return undefined;
  const { must, share } = conditions(query, viewer, filters);
  return share >= WALKABLE ? { must: joined(must) } : undefined;
}

const joined = (must: readonly string[]): string | null =>
  must.length === 0 ? null : must.map((condition) => `(${condition})`).join(" & ");

/** Whether the test is met, by the text of a PostgreSQL array: `{t,f,t}`. */
const isMet = (met: string, test: number): boolean => met[1 + 2 * test] === "t";

/** Whether only services in the session's categories are looked for, so that no candidate shows what others there are. */
export const looksOnlyInScope = (
  query: Query,
  { viewer, filters }: { viewer: Viewer; filters: Filters },
): boolean => filters.category === undefined && conditions(query, viewer, filters).must.length > 0;

/** What every candidate has to have, and about which share of the catalogue has it. */
function conditions(
  { frequencies }: Query,
  { scopes }: Viewer,
  { category }: Filters,
): { must: string[]; share: number } {
  const shareOf = (categories: readonly string[]): number =>
    categories.reduce((sum, name) => sum + frequencies.of(categoryTerm(name)), 0) / frequencies.services;
  if (category !== undefined)
    return { must: [quoteTerm(categoryTerm(category))], share: shareOf([category]) };
  if (scopes === null || frequencies.services <= SMALL) return { must: [], share: 1 };
  const share = shareOf(scopes.categories);
  if (share > WORTHWHILE_SCOPE) return { must: [], share: 1 };
  const inScope = scopes.categories.map((name) => quoteTerm(categoryTerm(name)));
  return { must: [[...inScope, NO_SERVICE].join(" | ")], share };
}

const withoutTerms = (rows: readonly { service_id: string }[]): Candidate[] =>
  rows.map(({ service_id }) => ({ serviceId: service_id, found: new Map() }));
