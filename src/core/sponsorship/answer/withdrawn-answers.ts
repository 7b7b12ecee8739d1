import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { memberOf } from "./judge-answer.ts";
import { confirmDeletion } from "../task/index.ts";
import type {
  ConfirmDeletionInput,
  ConfirmDeletionOutput,
  ListWithdrawnInput,
  ListWithdrawnOutput,
} from "./schema.ts";
import { listWithdrawnOf } from "./verdict-store.ts";

const DEFAULT_LIMIT = 30;

/**
 * Lists a campaign's withdrawn answers, the last one first: by id, so that the sponsor finds its copies.
 * @throws AppError `not_found`, also for another sponsor's campaign; `validation_error` for a cursor that no page gave
 */
export async function listWithdrawn(
  ctx: Pick<Deps, "db" | "sql" | "histories"> & { actor: SponsorActor },
  { campaign_id, cursor, limit = DEFAULT_LIMIT }: z.infer<typeof ListWithdrawnInput>,
): Promise<z.infer<typeof ListWithdrawnOutput>> {
  const campaign = await requireOwnCampaign(ctx.db, campaign_id, ctx.actor.sponsorId);
  const before = readCursor(cursor);
  const rows = await ctx.histories.run(callerKey(ctx), () =>
    listWithdrawnOf.all(ctx.sql, {
      campaign_id: campaign.id,
      before_micros: before?.micros ?? null,
      before_id: before?.id ?? null,
      limit: limit + 1,
    }),
  );
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    withdrawn: page.map((row) => ({
      answer_id: row.id,
      submitted_at: row.submitted_at.toISOString(),
      withdrawn_at: row.withdrawn_at.toISOString(),
      copies_deleted_at: row.copies_deleted_at?.toISOString() ?? null,
      copies_deleted_by: row.copies_deleted_by,
    })),
    next_cursor: nextCursor,
  };
}

/**
 * Records that the sponsor has deleted its copies of a withdrawn answer. Repeating it returns the first confirmation.
 * @throws AppError `not_found`, also for an answer that isn't withdrawn, or is another sponsor's
 */
export async function confirmCopiesDeleted(
  { sql, log, actor }: Pick<Deps, "sql" | "log"> & { actor: SponsorActor },
  { answer_id }: z.infer<typeof ConfirmDeletionInput>,
): Promise<z.infer<typeof ConfirmDeletionOutput>> {
  const id = requireId(answer_id, "answer");
  const confirmed = await confirmDeletion.first(sql, {
    id,
    sponsor_id: actor.sponsorId,
    by: memberOf(actor),
  });
  if (confirmed === undefined) throw notFound("withdrawn answer");
  log.info({ event: "copies_deleted", sponsor_id: actor.sponsorId, answer_id: id }, "copies were deleted");
  return { answer_id: id, copies_deleted_at: confirmed.deleted_at.toISOString() };
}
