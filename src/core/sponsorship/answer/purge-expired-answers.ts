import type { Deps } from "../../context.ts";
import { eraseExpiredAnswers } from "./store.ts";

/** Rows locked at a time. */
const BATCH = 500;

/**
 * Deletes what people answered once its retention is over. That they completed the task stays on record, and
 * counts for later runs. Any number of replicas may do it at once. Returns how many answers were deleted.
 */
export async function purgeExpiredAnswers({ db, log }: Pick<Deps, "db" | "log">): Promise<number> {
  let erased = 0;
  for (;;) {
    const batch = await eraseExpiredAnswers(db, BATCH);
    erased += batch;
    if (batch < BATCH) break;
  }
  if (erased > 0)
    log.info({ event: "answers_purged", count: erased }, "answers past their retention deleted");
  return erased;
}
