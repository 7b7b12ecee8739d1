import type { Deps } from "../../context.ts";
import { deleteEndedEndpoints } from "../endpoint/index.ts";
import { deleteOfEnded, deleteOld } from "./queue-store.ts";

const BATCH = 5_000n;

/** Deletes deliveries past their time, and those of endpoints that ended, in batches. */
export async function purgeOldDeliveries({ sql }: Pick<Deps, "sql">): Promise<void> {
  while ((await deleteOld.count(sql, { most: BATCH })) === Number(BATCH));
  while ((await deleteOfEnded.count(sql, { most: BATCH })) === Number(BATCH));
  await deleteEndedEndpoints.count(sql, {});
}
