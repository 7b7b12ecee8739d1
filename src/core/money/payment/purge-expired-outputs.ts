import type { Deps } from "../../context.ts";
import { deleteExpiredOutputs } from "./store.ts";

/** Deletes what upstreams answered once it has been kept for its time; the payment stays. */
export async function purgeExpiredOutputs({ db, log }: Pick<Deps, "db" | "log">): Promise<void> {
  const deleted = await deleteExpiredOutputs(db);
  if (deleted > 0) log.info({ event: "outputs_purged", count: deleted }, "expired outputs deleted");
}
