import type { Prisma, ReadableAnswer } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  boolean,
  bytes,
  integer,
  json,
  nullable,
  text,
  texts,
  timestamp,
  uuid,
} from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";

/** An answer that the campaign's sponsor may read. `details` are the answers, encrypted. */
export type AnswerRow = Omit<ReadableAnswer, "details"> & { details: Uint8Array };

const ROW = {
  id: uuid,
  campaignId: uuid,
  userId: uuid,
  details: bytes,
  dataTypes: texts(),
  sources: json<Prisma.JsonValue>(),
  createdAt: timestamp,
  retainedUntil: timestamp,
  contactPermitted: boolean,
  state: text,
  judgeUntil: timestamp,
  consentedAt: timestamp,
  grantedVia: text,
  purpose: text,
};

/** An answer can have 256 KiB. What is read at once has no more than this, besides its first answer. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The rows of `listed` up to the limit on their size, in their order. */
const boundedRows = (listed: string, order: string, more = ""): string => `
    WITH listed AS (${listed}), sized AS (
      SELECT id, sum(octet_length(details)) OVER (ORDER BY ${order}) - octet_length(details) AS before FROM listed
    )
    SELECT id, campaign_id AS "campaignId", user_id AS "userId", details, data_types AS "dataTypes", sources,
           created_at AS "createdAt", retained_until AS "retainedUntil", contact_permitted AS "contactPermitted", state,
           judge_until AS "judgeUntil", consented_at AS "consentedAt", granted_via AS "grantedVia", purpose${more}
      FROM listed JOIN sized USING (id) WHERE before < ${MOST_BYTES} ORDER BY ${order}`;

/** No answer can be judged longer after it was given. */
const MOST_HOURS_TO_JUDGE = 24;
/** SQL: the answer can still be judged. Its time is named so that only the newest answers are read from the index. */
const TO_JUDGE = `created_at > now() - interval '${MOST_HOURS_TO_JUDGE} hours' AND state IN ('held_back', 'open')`;

/** One answer of a sponsor. */
export const findAnswerRow = statement({
  name: "answer.find",
  limit: "read",
  params: { id: uuid, sponsor_id: uuid },
  row: ROW,
  text: boundedRows(
    `SELECT a.* FROM readable_answers a JOIN campaigns c ON c.id = a.campaign_id WHERE a.id = $id AND c.sponsor_id = $sponsor_id`,
    "id",
  ),
});

/** Lists one page of answers, newest first. It has fewer than `most` if they are large. */
export const listAnswerRows = statement({
  name: "answer.list",
  limit: "read",
  params: { campaign_id: uuid, to_judge: boolean, skip: integer, most: integer },
  row: ROW,
  text: boundedRows(
    `SELECT * FROM readable_answers WHERE campaign_id = $campaign_id AND (NOT $to_judge OR ${TO_JUDGE}) ORDER BY created_at DESC, id DESC LIMIT $most OFFSET $skip`,
    "created_at DESC, id DESC",
  ),
});

export const countAnswers = (db: Queries, campaignId: string, toJudge: boolean): Promise<number> =>
  db.readableAnswer.count({
    where: {
      campaignId,
      ...(toJudge && {
        createdAt: { gt: new Date(Date.now() - MOST_HOURS_TO_JUDGE * 3_600_000) },
        state: { in: ["held_back", "open"] },
      }),
    },
  });

/** Lists answers before the cursor, newest first, each with its time in microseconds. */
export const listAnswersBefore = statement({
  name: "answer.list-before",
  limit: "read",
  params: {
    campaign_id: uuid,
    to_judge: boolean,
    before_micros: nullable(bigint),
    before_id: nullable(uuid),
    most: integer,
  },
  row: { ...ROW, micros: bigint },
  text: boundedRows(
    `SELECT * FROM readable_answers WHERE campaign_id = $campaign_id AND (NOT $to_judge OR ${TO_JUDGE})
        AND ${isAfterCursor("created_at", "id")} ORDER BY created_at DESC, id DESC LIMIT $most`,
    "created_at DESC, id DESC",
    `, ${microsOf("created_at")} AS micros`,
  ),
});

/**
 * Lists the next answers after the one with the id `after`, oldest first; null: from the start. Fewer than `most` if they are
 * large, and none if there are no more. The statement reads that answer's time itself, because a time that went through JavaScript has lost
 * its microseconds. It reads it from the completion: the answer's consent may have been withdrawn meanwhile, and the export
 * still goes on behind it.
 */
export const listAnswersAfter = statement({
  name: "answer.list-after",
  limit: "read",
  params: { campaign_id: uuid, to_judge: boolean, after: nullable(uuid), most: integer },
  row: ROW,
  text: boundedRows(
    `
    SELECT * FROM readable_answers
     WHERE campaign_id = $campaign_id AND (NOT $to_judge OR ${TO_JUDGE})
       AND (created_at, id) > (SELECT created_at, id FROM task_completions WHERE id = $after
                               UNION ALL
                               SELECT '-infinity', '00000000-0000-0000-0000-000000000000' WHERE $after IS NULL)
     ORDER BY created_at, id LIMIT $most`,
    "created_at, id",
  ),
});
