import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { toListedView } from "./rules.ts";
import type { ListApisInput, ListApisOutput } from "./schema.ts";
import { countApis, listApisOfSponsor } from "./store.ts";

/** Lists a sponsor's own APIs, newest first, without their schemas. */
export async function listApis(
  { db, actor }: Pick<Deps, "db"> & { actor: SponsorActor },
  { offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListApisInput>,
): Promise<z.infer<typeof ListApisOutput>> {
  const [apis, total] = await Promise.all([
    listApisOfSponsor(db, actor.sponsorId, offset, limit),
    countApis(db, actor.sponsorId),
  ]);
  return {
    apis: apis.map(toListedView),
    total_count: total,
    offset,
    limit,
  };
}
