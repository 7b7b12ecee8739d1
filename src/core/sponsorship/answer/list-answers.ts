import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { viewsOf } from "./rules.ts";
import type { ListAnswersInput, ListAnswersOutput } from "./schema.ts";
import { countAnswers, listAnswerRows } from "./store.ts";

/**
 * R11.4: lists a campaign's data inbox, newest first. It holds only answers whose consent stands. A page with large answers
 * has fewer than were asked for, and its `limit` says how many.
 * @throws `not_found`, also for another sponsor's campaign
 */
export async function listAnswers(
  ctx: Pick<Deps, "db" | "sql" | "cipher" | "histories"> & { actor: SponsorActor },
  { campaign_id, to_judge = false, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListAnswersInput>,
): Promise<z.infer<typeof ListAnswersOutput>> {
  const { db, sql, cipher, histories, actor } = ctx;
  const { id } = await requireOwnCampaign(db, campaign_id, actor.sponsorId);
  const page = { campaign_id: id, to_judge, skip: offset, most: limit };
  // One after the other, on one connection.
  const [rows, total] = await histories.run(callerKey(ctx), async () => [
    await listAnswerRows.all(sql, page),
    await countAnswers(db, id, to_judge),
  ]);
  const answers = [];
  for await (const answer of viewsOf(cipher, rows)) answers.push(answer);
  const isCutShort = rows.length < limit && offset + rows.length < total;
  return { answers, total_count: total, offset, limit: isCutShort ? rows.length : limit };
}
