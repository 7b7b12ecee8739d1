import type { Deps } from "../../core/context.ts";
import { purgeExpiredOutputs } from "../../core/money/payment/index.ts";
import { deleteOldCreations } from "../../core/protocol/idempotency/index.ts";
import { purgeExpiredAnswers } from "../../core/sponsorship/answer/index.ts";
import type { Job } from "./run-job.ts";

/** Deletes answers, stored outputs and idempotency keys past their time. Readers don't see expired ones in any case. */
export const purgeExpired = (deps: Deps): Job => ({
  everyMs: 3_600_000,
  run: () =>
    Promise.all([
      purgeExpiredAnswers(deps),
      purgeExpiredOutputs(deps),
      deleteOldCreations.count(deps.sql, {}),
    ]),
  failure: { event: "purge_failed", message: "expired data wasn't deleted" },
});
