import type { QueryPart } from "../../protocol/search-text/index.ts";
import { prominentTerm, quoteTerm } from "../../protocol/search-text/index.ts";
import type { Frequencies } from "./score-text.ts";
import { frequencyOf, frequencyOfWay } from "./score-text.ts";
import { MOST_CANDIDATES } from "./weights.ts";

/** Terms of services that a budget can pay for, and of the best of them: about a quarter, a 16th and a 64th of the catalogue. */
const OPEN = "=open";
const BEST_FIRST = ["=best64", "=best16", "=best4"];
export const LABELS = [OPEN, ...BEST_FIRST];

/** A rung that more services than this are expected on is divided, so that the better ones are read first. */
const MANY = 2 * MOST_CANDIDATES;

/** Two parts of a search stand together in about this share of the services that have the rarer one. */
const TOGETHER = 1 / 4;

/** The most rungs of a ladder. */
export const MOST_RUNGS = 16;

/** A share of more parts is a main part: what is looked for, and not only that something is. */
const MAIN_SHARE = 0.5;

/** A part that the catalogue knows, as a query, and about how many services have it. */
interface KnownPart {
  query: string;
  prominentQuery: string;
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
 * @returns queries as `tsquery` reads them; none if no service can be found
 */
export function ladder(
  parts: readonly QueryPart[],
  { must, mustFrequency }: { must: readonly string[]; mustFrequency: number },
  frequencies: Frequencies,
): string[] {
  const known = parts.flatMap((part) => knownPart(part, frequencies));
  const main = known.filter(({ share }) => share > MAIN_SHARE);
  const wanted = (main.length > 0 ? main : known).toSorted((a, b) => a.frequency - b.frequency);
  if (parts.length > 0 && wanted.length === 0) return [];
  const mustShare = Math.min(1, mustFrequency / frequencies.services);
  const rungs = (
    parts.length === 0 ? [{ all: [], none: [], expected: frequencies.services }] : rungsOf(wanted)
  ).flatMap(({ all, none, expected }) =>
    bestFirst(
      [...all.map(inBrackets), ...must.map(inBrackets), ...none.map((query) => `!${inBrackets(query)}`)],
      expected * mustShare,
      frequencies,
    ),
  );
  if (rungs.length <= MOST_RUNGS) return rungs;
  // The last one takes what the others leave: it is asked only if they don't find enough.
  const first = rungs.slice(0, MOST_RUNGS - 1);
  const any = wanted.map(({ query }) => query).join(" | ");
  return [
    ...first,
    [...[any, ...must].map(inBrackets), ...first.map((query) => `!${inBrackets(query)}`)].join(" & "),
  ];
}

/** Any of the parts, for what every candidate has to have. Undefined if the catalogue knows none of them. */
export function anyOf(parts: readonly QueryPart[], frequencies: Frequencies): string | undefined {
  const queries = parts.flatMap((part) => knownPart(part, frequencies)).map(({ query }) => query);
  return queries.length === 0 ? undefined : queries.join(" | ");
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
  // All of them fit among the candidates, so their order is the scores' matter.
  const sum = wanted.reduce((total, { frequency }) => total + frequency, 0);
  if (sum <= MOST_CANDIDATES) return [{ all: [wanted.map(query).join(" | ")], none: [], expected: sum }];

  const together = wanted
    .slice(1)
    .map((_part, index) => index + 2)
    .toReversed()
    .map((count) => ({
      all: wanted.slice(0, count).map(query),
      none: wanted.slice(count, count + 1).map(query),
      expected: rarest.frequency * TOGETHER ** (count - 1),
    }));
  const rarestWithAnother =
    second === undefined || others.length === 0
      ? []
      : [
          {
            all: [query(rarest), others.map(query).join(" | ")],
            none: [query(second)],
            expected: rarest.frequency * TOGETHER,
          },
        ];
  const alone = wanted.flatMap((part, index) => {
    const rest = index === 0 ? wanted.slice(1) : wanted.slice(0, index);
    const none = rest.length === 0 ? [] : [rest.map(query).join(" | ")];
    return [
      { all: [part.prominentQuery], none, expected: part.frequency / 3 },
      { all: [part.query], none: [...none, part.prominentQuery], expected: part.frequency },
    ];
  });
  return [...together, ...rarestWithAnother, ...alone];
}

/** Divides a query that many services are expected to meet: the best ones, others that a budget can pay for, the rest. */
function bestFirst(conditions: readonly string[], expected: number, frequencies: Frequencies): string[] {
  const query = conditions.join(" & ");
  const and = (...more: string[]): string => [...conditions, ...more].join(" & ");
  const open = quoteTerm(OPEN);
  if (expected <= MANY) return query === "" ? [open, `!${open}`] : [query];
  const best = BEST_FIRST.find((label) => (expected * frequencies.of(label)) / frequencies.services >= MANY);
  if (best === undefined) return [and(open), and(`!${open}`)];
  return [and(quoteTerm(best)), and(open, `!${quoteTerm(best)}`), and(`!${open}`)];
}

function knownPart(part: QueryPart, frequencies: Frequencies): (KnownPart & { share: number })[] {
  const ways = part.ways.filter((way) => frequencyOfWay(way, frequencies) > 0);
  if (ways.length === 0) return [];
  const queryBy = (toTerm: (term: string) => string): string =>
    ways
      .map(({ terms, needs }) =>
        inBrackets(terms.map((term) => quoteTerm(toTerm(term))).join(needs === "any" ? " | " : " & ")),
      )
      .join(" | ");
  return [
    {
      query: queryBy((term) => term),
      prominentQuery: queryBy(prominentTerm),
      frequency: frequencyOf({ ...part, ways }, frequencies),
      share: part.share,
    },
  ];
}

const inBrackets = (query: string): string => `(${query})`;
