import type { Deps } from "../../context.ts";
import { countAllTerms, countEntries, estimateTerms, storeCatalogue } from "./count-terms-store.ts";

/** Of a larger catalogue, terms are counted in about so many services. */
const SAMPLE = 30_000;
/** Fewer services aren't divided into tiers. */
const LEAST_RANKED = 2_000;

/**
 * Counts the catalogue: how frequent each term is, and which ranks are good. Searches read that to decide what to look for first.
 * It may be old, or from a sample: what is found doesn't depend on it in a catalogue of some hundreds of services, and hardly in a
 * larger one.
 */
export async function countTerms({ sql }: Pick<Deps, "sql">): Promise<void> {
  const { services } = await countEntries.one(sql, {});
  if (services <= SAMPLE) await countAllTerms.count(sql, {});
  else await estimateTerms.count(sql, { percent: (100 * SAMPLE) / services });
  await storeCatalogue.count(sql, { services, least_ranked: LEAST_RANKED });
}
