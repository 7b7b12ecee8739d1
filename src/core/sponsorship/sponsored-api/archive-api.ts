import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { refreshOffers } from "../offer/index.ts";
import { requireOwnApi } from "./own-api.ts";
import { toView } from "./rules.ts";
import type { ApiView, ArchiveApiInput } from "./schema.ts";
import { archive } from "./store.ts";

/**
 * Archives an API for good. It takes no new calls and isn't found any more. Its open payments are settled as usual,
 * its figures stay, its budget can be withdrawn, and its key stays taken. Archiving it again changes nothing.
 * @throws `not_found`, also for another sponsor's API
 */
export async function archiveApi(
  { db, sql, actor }: Pick<Deps, "db" | "sql"> & { actor: SponsorActor },
  input: z.infer<typeof ArchiveApiInput>,
): Promise<z.infer<typeof ApiView>> {
  const { id } = await requireOwnApi(db, input.service_key, actor.sponsorId);
  await sql.transaction(async (tx) => {
    await archive.count(tx, { id });
    await refreshOffers(tx, [id]);
  });
  return toView(await requireOwnApi(db, input.service_key, actor.sponsorId));
}
