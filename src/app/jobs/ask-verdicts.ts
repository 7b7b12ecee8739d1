import type { Deps } from "../../core/context.ts";
import { askVerdicts } from "../../core/sponsorship/answer/index.ts";
import type { Job } from "./run-job.ts";

/** Asks sponsors' webhooks about answers that are held back. */
export const askSponsorsVerdicts = (deps: Deps): Job => ({
  everyMs: 1_000,
  run: () => askVerdicts(deps),
  failure: { event: "verdicts_unasked", message: "sponsors' webhooks weren't asked about answers" },
});
