import type { Deps } from "../../context.ts";
import { eraseExpiredAnswers } from "../task/index.ts";

/** Rows locked and deleted in one statement. */
const BATCH = 500;

/**
 * Deletes answers whose retention is over. The completions stay on record, and count for later runs. Several
 * replicas may do this at once. Returns how many answers were deleted.
 */
export async function purgeExpiredAnswers({ sql, log }: Pick<Deps, "sql" | "log">): Promise<number> {
  let deleted = 0;
  for (;;) {
    const batch = await eraseExpiredAnswers.count(sql, { most: BATCH });
    deleted += batch;
    if (batch < BATCH) break;
  }
  if (deleted > 0)
    log.info({ event: "answers_purged", count: deleted }, "answers past their retention were deleted");
  return deleted;
}
