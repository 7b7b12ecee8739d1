import type { Deps } from "../../context.ts";
import { eraseExpiredAnswers } from "./store.ts";

/** Rows locked and deleted in one statement. */
const BATCH = 500;

/**
 * Deletes answers whose retention is over. The completions stay on record, and count for later runs. Several
 * replicas may do this at once. Returns how many answers were deleted.
 */
export async function purgeExpiredAnswers({ db, log }: Pick<Deps, "db" | "log">): Promise<number> {
  let deleted = 0;
  for (;;) {
    const batch = await eraseExpiredAnswers(db, BATCH);
    deleted += batch;
    if (batch < BATCH) break;
  }
  if (deleted > 0)
    log.info({ event: "answers_purged", count: deleted }, "answers past their retention were deleted");
  return deleted;
}
