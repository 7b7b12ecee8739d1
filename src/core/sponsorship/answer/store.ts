import type { Prisma, ReadableAnswer } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { boolean, bytes, integer, json, nullable, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** An answer that the campaign's sponsor may read. `details` are the answers, encrypted. */
export type AnswerRow = Omit<ReadableAnswer, "details"> & { details: Uint8Array };

/** Lists one page of answers, newest first. */
export const listAnswerRows = (
  db: Queries,
  campaignId: string,
  offset: number,
  limit: number,
): Promise<AnswerRow[]> =>
  db.readableAnswer.findMany({
    where: { campaignId },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: offset,
    take: limit,
  });

export const countAnswers = (db: Queries, campaignId: string): Promise<number> =>
  db.readableAnswer.count({ where: { campaignId } });

/**
 * Lists the next answers after the one with the id `after`, oldest first; null: from the start. The statement reads
 * that answer's time itself, because a time that went through JavaScript has lost its microseconds. It reads it from the
 * completion: the answer's consent may have been withdrawn meanwhile, and the export still goes on behind it.
 */
export const listAnswersAfter = statement({
  name: "answer.list-after",
  limit: "read",
  params: { campaign_id: uuid, after: nullable(uuid), most: integer },
  row: {
    id: uuid,
    campaignId: uuid,
    userId: uuid,
    details: bytes,
    dataTypes: texts(),
    sources: json<Prisma.JsonValue>(),
    createdAt: timestamp,
    retainedUntil: timestamp,
    contactPermitted: boolean,
  },
  text: `
    SELECT id, campaign_id AS "campaignId", user_id AS "userId", details, data_types AS "dataTypes", sources,
           created_at AS "createdAt", retained_until AS "retainedUntil", contact_permitted AS "contactPermitted"
      FROM readable_answers
     WHERE campaign_id = $campaign_id
       AND (created_at, id) > (SELECT created_at, id FROM task_completions WHERE id = $after
                               UNION ALL
                               SELECT '-infinity', '00000000-0000-0000-0000-000000000000' WHERE $after IS NULL)
     ORDER BY created_at, id LIMIT $most`,
});
