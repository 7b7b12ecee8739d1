import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { readCursor } from "../../protocol/cursor.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { answerFilter, viewsOf } from "./rules.ts";
import type { AnswerView, SearchAnswersInput, SearchAnswersOutput } from "./schema.ts";
import type { AnswerRow } from "./store.ts";
import { listAnswersBefore } from "./store.ts";

const DEFAULT_LIMIT = 20;
/** Answers are encrypted, so those of a page are looked for among so many at most. The next page goes on from there. */
const MOST_LOOKED_AT = 500;
const BATCH = 100;

/**
 * Finds answers of a campaign, newest first: those that can be judged, that allow contact, or that hold a text. It looks at a bounded
 * number of answers; `next_cursor` leads on where it stopped, also if it found fewer than were asked for.
 * @throws AppError `not_found`, also for another sponsor's campaign; `validation_error` for a cursor that no page gave
 */
export async function searchAnswers(
  ctx: Pick<Deps, "db" | "sql" | "cipher" | "histories"> & { actor: SponsorActor },
  input: z.infer<typeof SearchAnswersInput>,
): Promise<z.infer<typeof SearchAnswersOutput>> {
  const { db, sql, cipher, histories, actor } = ctx;
  const { id } = await requireOwnCampaign(db, input.campaign_id, actor.sponsorId);
  const { to_judge = false, limit = DEFAULT_LIMIT } = input;
  const fits = answerFilter(input);

  const answers: AnswerView[] = [];
  let before = readCursor(input.cursor);
  let lookedAt = 0;
  while (answers.length < limit && lookedAt < MOST_LOOKED_AT) {
    const page = { campaign_id: id, to_judge, most: BATCH };
    const cursor = { before_micros: before?.micros ?? null, before_id: before?.id ?? null };
    const rows = await histories.run(callerKey(ctx), () =>
      listAnswersBefore.all(sql, { ...page, ...cursor }),
    );
    if (rows.length === 0) return { answers, next_cursor: null };
    for await (const { answer, row } of withRows(viewsOf(cipher, rows), rows)) {
      before = { micros: row.micros, id: row.id };
      lookedAt += 1;
      if (fits(answer)) answers.push(answer);
      if (answers.length === limit) break;
    }
  }
  return { answers, next_cursor: before === undefined ? null : `${before.micros}_${before.id}` };
}

type Listed = AnswerRow & { micros: bigint };

/** Views with the rows that they are of. */
async function* withRows(
  views: AsyncIterable<AnswerView>,
  rows: readonly Listed[],
): AsyncGenerator<{ answer: AnswerView; row: Listed }> {
  let index = 0;
  for await (const answer of views) {
    const row = rows[index];
    index += 1;
    if (row !== undefined) yield { answer, row };
  }
}
