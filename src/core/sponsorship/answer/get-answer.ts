import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { viewsOf } from "./rules.ts";
import type { AnswerOfCampaign, GetAnswerInput } from "./schema.ts";
import { findAnswerRow } from "./store.ts";

/**
 * Returns one answer of a sponsor's data inbox.
 * @throws AppError `not_found`, also for another sponsor's answer, and for one that was withdrawn or rejected
 */
export async function getAnswer(
  { sql, cipher, actor }: Pick<Deps, "sql" | "cipher"> & { actor: SponsorActor },
  { answer_id }: z.infer<typeof GetAnswerInput>,
): Promise<z.infer<typeof AnswerOfCampaign>> {
  const id = requireId(answer_id, "answer");
  const rows = await findAnswerRow.all(sql, { id, sponsor_id: actor.sponsorId });
  for await (const answer of viewsOf(cipher, rows))
    return { ...answer, campaign_id: rows[0]?.campaignId ?? "" };
  throw notFound("answer");
}
