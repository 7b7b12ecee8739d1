import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { endConsentsOfCompletion } from "../../personal-data/consent/index.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { acceptCompletion, rejectCompletion } from "../task/index.ts";
import type { AcceptAnswerInput, JudgedAnswer, RejectAnswerInput } from "./schema.ts";
import { findAnswerState } from "./verdict-store.ts";

type Context = Pick<Deps, "sql" | "log"> & { actor: SponsorActor };
type Judged = z.infer<typeof JudgedAnswer>;

/** How a verdict was reached: by a member or a program of the sponsor, or by its webhook. */
export type Via = "hand" | "webhook";

/**
 * Accepts an answer. If it was held back, it unlocks runs from now on. Repeating it changes nothing.
 * @throws AppError `not_found`, also for another sponsor's answer; `conflict` if it was rejected or withdrawn
 */
export async function acceptAnswer(
  ctx: Context,
  { answer_id }: z.infer<typeof AcceptAnswerInput>,
  via: Via = "hand",
): Promise<Judged> {
  const { sql, actor } = ctx;
  const id = requireId(answer_id, "answer");
  const verdict = { id, sponsor_id: actor.sponsorId, via, by: memberOf(actor) };
  if ((await acceptCompletion.count(sql, verdict)) > 0) logVerdict(ctx, id, "accepted", via);
  return requireState(ctx, id, "accepted");
}

/**
 * Rejects an answer, with a reason for its person and their agent. The answer is erased at once, its consents end, and it unlocks no
 * further runs. Runs that were paid, or are being paid, stay. Repeating it changes nothing.
 * @throws AppError `not_found`, also for another sponsor's answer; `conflict` if it was withdrawn, or counts as accepted for good
 */
export async function rejectAnswer(
  ctx: Context,
  { answer_id, reason, note }: z.infer<typeof RejectAnswerInput>,
  via: Via = "hand",
): Promise<Judged> {
  const { sql, actor } = ctx;
  const id = requireId(answer_id, "answer");
  // Before any lock: nobody may make another sponsor's person wait.
  if ((await findAnswerState.first(sql, { id, sponsor_id: actor.sponsorId })) === undefined)
    throw notFound("answer");
  const verdict = { id, sponsor_id: actor.sponsorId, via, by: memberOf(actor), reason, note: note ?? null };
  const isRejected = await sql
    .transaction(async (tx) => {
      // As at a withdrawal, consents are locked before their completion. They end only with it.
      await endConsentsOfCompletion.count(tx, { completion_id: id });
      if ((await rejectCompletion.count(tx, verdict)) === 0) throw new NotJudgedError();
      return true;
    })
    .catch((error: unknown) => {
      if (error instanceof NotJudgedError) return false;
      throw error;
    });
  if (isRejected) logVerdict(ctx, id, "rejected", via);
  return requireState(ctx, id, "rejected");
}

/** Rolls back a rejection that comes too late. */
class NotJudgedError extends Error {}

/** The member who acts for the sponsor. Null: a program with the sponsor's key. */
export const memberOf = ({ via }: SponsorActor): string | null => (via.kind === "member" ? via.userId : null);

const logVerdict = ({ log, actor }: Context, id: string, state: Judged["state"], via: Via): void =>
  log.info({ event: `answer_${state}`, sponsor_id: actor.sponsorId, answer_id: id, via }, `answer ${state}`);

/** Why an answer doesn't get the verdict that was wished. */
const STANDS_AS = {
  accepted: "This answer counts as accepted, and can't be rejected any more.",
  rejected: "This answer was rejected.",
  withdrawn: "Its person has withdrawn this answer.",
  held_back: "This answer isn't judged yet. Repeat the call.",
  open: "This answer isn't judged yet. Repeat the call.",
} as const;

/** @throws AppError `not_found`, `conflict` if the answer has another verdict, or none any more */
async function requireState({ sql, actor }: Context, id: string, wished: Judged["state"]): Promise<Judged> {
  const answer = await findAnswerState.first(sql, { id, sponsor_id: actor.sponsorId });
  if (answer === undefined) throw notFound("answer");
  if (answer.state !== wished) throw new AppError("conflict", { message: STANDS_AS[answer.state] });
  return { answer_id: id, campaign_id: answer.campaign_id, state: wished };
}
