import type { Verdict } from "../../ports/chain.ts";

/** The verdict's fields as text (block, transaction, log index), to be stored as evidence of a transition. */
export const evidenceOf = (verdict: Verdict): Record<string, string> =>
  Object.fromEntries(Object.entries(verdict).map(([name, value]) => [name, String(value)]));
