import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { SetReadingInput, SetReadingOutput } from "./schema.ts";
import { setReads } from "./store.ts";

/**
 * Sets whether the user's agent may read texts of sponsors and sellers. It holds from the agent's next call on, and stays when
 * the grant gets new terms.
 * @throws AppError `not_found` for a grant that isn't the user's
 */
export async function setReading(
  { sql, log, actor }: Pick<Deps, "sql" | "log"> & { actor: UserActor },
  { grant_id, reads_sponsor_texts: reads }: z.infer<typeof SetReadingInput>,
): Promise<z.infer<typeof SetReadingOutput>> {
  const id = requireId(grant_id, "grant");
  if ((await setReads.count(sql, { id, user_id: actor.userId, reads })) === 0) throw notFound("grant");
  log.info({ event: "reading_set", grant_id: id, reads }, "what an agent may read was set by its user");
  return { grant_id: id, reads_sponsor_texts: reads };
}
