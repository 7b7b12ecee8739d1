import type { Deps } from "../../core/context.ts";
import { countTerms } from "../../core/sponsorship/offer/index.ts";
import type { Job } from "./run-job.ts";

/** Counts how frequent the catalogue's terms are. Searches find the same with older numbers, only not as fast. */
export const countSearchTerms = (deps: Deps): Job => ({
  everyMs: 5 * 60_000,
  run: () => countTerms(deps),
  failure: { event: "term_count_failed", message: "the catalogue's terms weren't counted", level: "warn" },
});
