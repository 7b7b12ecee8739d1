import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { decryptItem } from "./rules.ts";
import type { ListOwnItemsOutput } from "./schema.ts";
import { listItems } from "./store.ts";

/** Lists what the user has stored, for the user's own eyes. */
export async function listOwnItems({
  db,
  cipher,
  actor,
}: Pick<Deps, "db" | "cipher"> & { actor: UserActor }): Promise<z.infer<typeof ListOwnItemsOutput>> {
  const items = await listItems(db, actor.userId);
  return {
    items: items.map(({ dataType, value, updatedAt }) => ({
      data_type: dataType as DataType,
      value: decryptItem(cipher, actor.userId, { data_type: dataType, value }),
      updated_at: updatedAt.toISOString(),
    })),
  };
}
