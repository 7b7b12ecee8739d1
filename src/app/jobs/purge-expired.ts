import type { Deps } from "../../core/context.ts";
import { purgeExpiredOutputs } from "../../core/money/payment/index.ts";
import { deleteOldCreations } from "../../core/protocol/idempotency/index.ts";
import { purgeExpiredAnswers } from "../../core/sponsorship/answer/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

/** Retention is counted in days or hours, and nobody is shown anything past it. */
const EVERY_MS = 3_600_000;

/** Deletes answers, kept outputs and idempotency keys past their time, at once and then every hour. */
export const startPurge = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => Promise.all([purgeExpiredAnswers(deps), purgeExpiredOutputs(deps), deleteOldCreations(deps.db)]),
    (error) => {
      deps.log.error({ event: "purge_failed", err: error }, "what is past its time wasn't deleted");
    },
  );
