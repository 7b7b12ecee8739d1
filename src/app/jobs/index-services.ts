import type { Deps } from "../../core/context.ts";
import { indexOutdated, useTermsVersion } from "../../core/sponsorship/offer/index.ts";
import type { Job } from "./run-job.ts";

/** Finds services' search terms anew after the analyser or the thesaurus has changed. */
export function indexServicesOfOlderVersions(deps: Deps): Job {
  let isAnnounced = false;
  return {
    everyMs: 10_000,
    async run() {
      if (!isAnnounced) await useTermsVersion(deps);
      isAnnounced = true;
      await indexOutdated(deps);
    },
    failure: { event: "indexing_failed", message: "services' search terms weren't found anew" },
  };
}
