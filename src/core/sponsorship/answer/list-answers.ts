import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { toView } from "./rules.ts";
import type { ListAnswersInput, ListAnswersOutput } from "./schema.ts";
import { countAnswers, listAnswerRows } from "./store.ts";

/**
 * R11.4: lists a campaign's data inbox, newest first. It holds only answers whose consent stands.
 * @throws `not_found`, also for another sponsor's campaign
 */
export async function listAnswers(
  { db, cipher, actor }: Pick<Deps, "db" | "cipher"> & { actor: SponsorActor },
  { campaign_id, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListAnswersInput>,
): Promise<z.infer<typeof ListAnswersOutput>> {
  const { id } = await requireOwnCampaign(db, campaign_id, actor.sponsorId);
  const [rows, total] = await Promise.all([listAnswerRows(db, id, offset, limit), countAnswers(db, id)]);
  return { answers: rows.map((row) => toView(cipher, row)), total_count: total, offset, limit };
}
