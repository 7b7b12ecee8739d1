import type { Deps } from "../../context.ts";
import { deleteExpiredOutputs } from "./store.ts";

/** Deletes stored outputs that have been kept for their time. The payments stay. */
export async function purgeExpiredOutputs({ sql, log }: Pick<Deps, "sql" | "log">): Promise<void> {
  const deleted = await deleteExpiredOutputs.count(sql, {});
  if (deleted > 0) log.info({ event: "outputs_purged", count: deleted }, "expired outputs were deleted");
}
