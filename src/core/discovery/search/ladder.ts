import type { QueryPart, Way } from "../../protocol/search-text/index.ts";
import { LABELS, prominentTerm, quoteTerm, WORST_TIER } from "../../protocol/search-text/index.ts";
import type { Frequencies } from "./score-text.ts";
import { frequencyOf, frequencyOfWay } from "./score-text.ts";
import { MAIN_SHARE, MOST_CANDIDATES } from "./weights.ts";

/** The label of services that a budget can pay for, and those of the best of them, the fewest first. */
const [OPEN, ...BEST] = LABELS;
const BEST_FIRST = BEST.toReversed();

/** A query for services, as `tsquery` reads it, among those of a tier and the better ones: they have an index of their own. */
export interface LadderQuery {
  query: string;
  tier: number;
}

/** A rung that more services than this are expected on is divided, so that the better ones are read first. */
const MANY = 2 * MOST_CANDIDATES;

/** Where at least so many services with the rarest part are among the best, only those are read at first. */
const ENOUGH_AMONG_BEST = 2_000;

/** Two parts of a search stand together in about this share of the services that have the rarer one. */
const TOGETHER = 1 / 4;

/** Of a longer search, only the rarest parts have to stand together, or alone. */
const MOST_TOGETHER = 4;
/** The most rungs of a ladder. */
export const MOST_RUNGS = 16;

/** A part that the catalogue knows, as queries, and about how many services have it. */
interface KnownPart {
  query: string;
  prominentQuery: string;
  /** Finds services of broader topics too. They are read last. */
  widestQuery: string;
  frequency: number;
}

/**
 * The queries by which candidates are looked for, the most wanted first: services that have all parts of what is looked for, then
 * all but the commonest, and so on, down to a single part. No two of them find the same service. PostgreSQL runs one only while
 * candidates are missing.
 *
 * @param parts what is looked for; empty: anything
 * @param must what every candidate has to have, as queries
 * @param mustFrequency about how many services that is
 * @returns none if no service can be found
 */
export function ladder(
  parts: readonly QueryPart[],
  { must, mustFrequency }: { must: readonly string[]; mustFrequency: number },
  frequencies: Frequencies,
): LadderQuery[] {
  const known = parts.flatMap((part) => knownPart(part, frequencies));
  const main = known.filter(({ share }) => share > MAIN_SHARE);
  const wanted = (main.length > 0 ? main : known).toSorted((a, b) => a.frequency - b.frequency);
  if (parts.length > 0 && wanted.length === 0) return [];
  const mustShare = Math.min(1, mustFrequency / frequencies.services);
  const [rarest] = wanted;
  if (rarest === undefined) return bestFirst(must.map(inBrackets), mustFrequency, frequencies).map(inAnyTier);

  const rungs = rungsOf(wanted);
  const best = BEST_FIRST.find(
    (label) => rarest.frequency * mustShare * shareOf(label, frequencies) >= ENOUGH_AMONG_BEST,
  );
  const widest = join(wanted.map(({ widestQuery }) => widestQuery));
  if (best !== undefined) {
    // Hundreds that have what is wanted are among the best, so the others needn't be read: that would grow with the catalogue.
    const tier = BEST_FIRST.indexOf(best);
    return [
      ...rungs.map(({ all, none }) => ({ query: toQuery([...all, ...must], none), tier })),
      inAnyTier(toQuery([widest, ...must, quoteTerm(OPEN)], [quoteTerm(best)])),
      inAnyTier(toQuery([widest, ...must], [quoteTerm(OPEN)])),
    ];
  }
  const queries = rungs.flatMap(({ all, none, expected }) =>
    bestFirst(conditionsOf([...all, ...must], none), expected * mustShare, frequencies),
  );
  if (queries.length <= MOST_RUNGS) return queries.map(inAnyTier);
  // The last one takes what the others leave: it is asked only if they don't find enough.
  const first = queries.slice(0, MOST_RUNGS - 1);
  return [...first, toQuery([widest, ...must], first)].map(inAnyTier);
}

/** Any of the parts, for what every candidate has to have. Undefined if the catalogue knows none of them. */
export function anyOf(parts: readonly QueryPart[], frequencies: Frequencies): string | undefined {
  const queries = parts.flatMap((part) => knownPart(part, frequencies)).map(({ widestQuery }) => widestQuery);
  return queries.length === 0 ? undefined : join(queries);
}

interface Rung {
  all: string[];
  none: string[];
  expected: number;
}

function rungsOf(wanted: readonly KnownPart[]): Rung[] {
  const query = ({ query: text }: KnownPart): string => text;
  const [rarest, second, ...others] = wanted;
  if (rarest === undefined) return [];
  const widest = join(wanted.map(({ widestQuery }) => widestQuery));
  // All of them fit among the candidates, so their order is the scores' matter.
  const sum = wanted.reduce((total, { frequency }) => total + frequency, 0);
  if (sum <= MOST_CANDIDATES) return [{ all: [widest], none: [], expected: sum }];

  const together = wanted
    .slice(1, MOST_TOGETHER)
    .map((_part, index) => index + 2)
    .toReversed()
    .map((count) => ({
      all: wanted.slice(0, count).map(query),
      none: count === MOST_TOGETHER ? [] : wanted.slice(count, count + 1).map(query),
      expected: rarest.frequency * TOGETHER ** (count - 1),
    }));
  const rarestWithAnother =
    second === undefined || others.length === 0
      ? []
      : [
          {
            all: [query(rarest), join(others.map(query))],
            none: [query(second)],
            expected: rarest.frequency * TOGETHER,
          },
        ];
  const alone = wanted.slice(0, MOST_TOGETHER).flatMap((part, index) => {
    const rest = index === 0 ? wanted.slice(1) : wanted.slice(0, index);
    const none = rest.map(query);
    return [
      { all: [part.prominentQuery], none, expected: part.frequency / 3 },
      { all: [part.query], none: [...none, part.prominentQuery], expected: part.frequency },
    ];
  });
  const isWider = wanted.length > MOST_TOGETHER || wanted.some((part) => part.widestQuery !== part.query);
  const broader = isWider
    ? [{ all: [widest], none: wanted.slice(0, MOST_TOGETHER).map(query), expected: sum }]
    : [];
  return [...together, ...rarestWithAnother, ...alone, ...broader];
}

/** Divides a query that many services are expected to meet: the best ones, others that a budget can pay for, the rest. */
function bestFirst(conditions: readonly string[], expected: number, frequencies: Frequencies): string[] {
  const and = (...more: string[]): string => [...conditions, ...more].join(" & ");
  const open = quoteTerm(OPEN);
  if (expected <= MANY) return conditions.length === 0 ? [open, `!${open}`] : [and()];
  const best = BEST_FIRST.find((label) => expected * shareOf(label, frequencies) >= MANY);
  if (best === undefined) return [and(open), and(`!${open}`)];
  return [and(quoteTerm(best)), and(open, `!${quoteTerm(best)}`), and(`!${open}`)];
}

const shareOf = (label: string, frequencies: Frequencies): number =>
  frequencies.of(label) / frequencies.services;

function knownPart(part: QueryPart, frequencies: Frequencies): (KnownPart & { share: number })[] {
  const ways = part.ways.filter((way) => frequencyOfWay(way, frequencies) > 0);
  if (ways.length === 0) return [];
  const narrow = ways.filter(({ isBroader }) => isBroader !== true);
  const near = narrow.length === 0 ? ways : narrow;
  return [
    {
      query: queryBy(near, (term) => term),
      prominentQuery: queryBy(near, prominentTerm),
      widestQuery: queryBy(ways, (term) => term),
      frequency: frequencyOf({ ...part, ways: near }, frequencies),
      share: part.share,
    },
  ];
}

const queryBy = (ways: readonly Way[], toTerm: (term: string) => string): string =>
  join(
    ways.map(({ terms, needs }) =>
      inBrackets(terms.map((term) => quoteTerm(toTerm(term))).join(needs === "any" ? " | " : " & ")),
    ),
  );

const conditionsOf = (all: readonly string[], none: readonly string[]): string[] => [
  ...all.map(inBrackets),
  ...none.map((query) => `!${inBrackets(query)}`),
];
/** A query for services that all of these find, and none of those. */
const toQuery = (all: readonly string[], none: readonly string[]): string =>
  conditionsOf(all, none).join(" & ");
/** A query for services that any of these finds. */
const join = (queries: readonly string[]): string => queries.join(" | ");
const inBrackets = (query: string): string => `(${query})`;
const inAnyTier = (query: string): LadderQuery => ({ query, tier: WORST_TIER });
