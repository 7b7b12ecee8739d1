import { purgeExpiredAnswers } from "../core/answer/index.ts";
import type { Deps } from "../core/context.ts";
import type { Rounds } from "./rounds.ts";
import { startRounds } from "./rounds.ts";

/** Retention is counted in days, and nobody is shown an answer past it. */
const EVERY_MS = 3_600_000;

/** Deletes answers past their retention, at once and then every hour. */
export const startAnswerPurge = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => purgeExpiredAnswers(deps),
    (error) =>
      deps.log.error({ event: "answer_purge_failed", err: error }, "expired answers weren't deleted"),
  );
