import type { Deps } from "../../core/context.ts";
import { VerdictAsker } from "../../core/sponsorship/answer/index.ts";
import type { Job } from "./run-job.ts";

/** Asks sponsors' webhooks about answers that are held back. */
export function askSponsorsVerdicts(deps: Deps): Job {
  const asker = new VerdictAsker(deps);
  return {
    everyMs: 1_000,
    run: () => asker.askDue(),
    failure: { event: "verdicts_unasked", message: "sponsors' webhooks weren't asked about answers" },
    finish: () => asker.finish(),
  };
}
