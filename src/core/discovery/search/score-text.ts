import type { Prominence, QueryPart, Way } from "../../protocol/search-text/index.ts";
import { ABOUT, COMMON_WEIGHT, DOUBT, FOUND_IN, MAIN_SHARE, PHRASE_IN_PART } from "./weights.ts";

/** How often terms are in the catalogue. */
export interface Frequencies {
  /** Services in the catalogue. */
  services: number;
  /** Services that have the term, about. 0: none has it. */
  of(term: string): number;
}

/** @param services services in the catalogue @param counts services by term */
export const toFrequencies = (services: number, counts: Readonly<Record<string, number>>): Frequencies => ({
  services: Math.max(1, services, ...Object.values(counts)),
  of: (term) => counts[term] ?? 0,
});

/** The terms of a search that a service has, and where. */
export type TermsFound = ReadonlyMap<string, Prominence>;

/**
 * How well a service fits what somebody looks for, from 0 to 1: the share of it that the service has, where a rare part weighs
 * more than a common one, and a prominent match counts more than one in passing. A small share counts less than itself.
 */
export function scoreText(parts: readonly QueryPart[], found: TermsFound, frequencies: Frequencies): number {
  let reached = 0;
  let possible = 0;
  let isAbout = false;
  for (const part of parts) {
    const weight = weightOf(part, frequencies);
    const best = Math.max(0, ...part.ways.map((way) => way.counts * scoreWay(way, found)));
    possible += weight;
    reached += weight * best;
    isAbout ||= part.share > MAIN_SHARE && part.ways.some((way) => isMetProminently(way, found));
  }
  if (possible === 0) return 0;
  return ((reached / possible) * (isAbout ? 1 : ABOUT.mentioned)) ** DOUBT;
}

function weightOf(part: QueryPart, frequencies: Frequencies): number {
  const frequency = frequencyOf(part, frequencies);
  const rarity = inverse(frequency, frequencies.services) / inverse(0, frequencies.services);
  return part.share * (COMMON_WEIGHT + (1 - COMMON_WEIGHT) * Math.max(0, rarity));
}

/** Inverse document frequency, as in BM25. */
const inverse = (frequency: number, services: number): number =>
  Math.log(1 + (Math.max(services, frequency) - frequency + 0.5) / (frequency + 0.5));

/** About how many services meet a part by its most common way. */
export const frequencyOf = (part: QueryPart, frequencies: Frequencies): number =>
  Math.max(0, ...part.ways.map((way) => frequencyOfWay(way, frequencies)));

export const frequencyOfWay = ({ terms, needs }: Way, frequencies: Frequencies): number => {
  const all = terms.map((term) => frequencies.of(term));
  return needs === "all" ? Math.min(...all) : Math.max(...all);
};

function scoreWay({ terms, needs }: Way, found: TermsFound): number {
  const scores = terms.map((term) => scoreTerm(term, found));
  if (needs === "any") return Math.max(...scores);
  if (scores.every((score) => score > 0)) return Math.min(...scores);
  return (PHRASE_IN_PART * scores.reduce((sum, score) => sum + score, 0)) / scores.length;
}

const isMetProminently = ({ terms, needs }: Way, found: TermsFound): boolean => {
  const isProminent = (term: string): boolean => scoreTerm(term, found) > ABOUT.from;
  return needs === "any" ? terms.some(isProminent) : terms.every(isProminent);
};

function scoreTerm(term: string, found: TermsFound): number {
  const prominence = found.get(term);
  return prominence === undefined ? 0 : FOUND_IN[prominence];
}
