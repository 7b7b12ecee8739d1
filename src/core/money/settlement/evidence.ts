import type { Verdict } from "../../ports/chain.ts";

/** What the chain said, as it is kept with the transition that follows from it: block, transaction, log. */
export const evidenceOf = (verdict: Verdict): Record<string, string> =>
  Object.fromEntries(Object.entries(verdict).map(([name, value]) => [name, String(value)]));
