import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { SetOwnRegionInput } from "./schema.ts";
import { updateRegion } from "./store.ts";

/** Sets where the person lives. By it, national phone numbers are found in what agents send. */
export async function setOwnRegion(
  { sql, actor }: Pick<Deps, "sql"> & { actor: UserActor },
  { region }: z.infer<typeof SetOwnRegionInput>,
): Promise<{ region: string }> {
  await updateRegion.count(sql, { id: actor.userId, region });
  return { region };
}
