import { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/fields.ts";
import type { RowOf } from "../../ports/statement.ts";
import { RejectReason } from "../../protocol/reject-reasons.ts";
import { takeVerdictsDue } from "../task/index.ts";
import { acceptAnswer, rejectAnswer } from "./judge-answer.ts";

type Context = Pick<Deps, "sql" | "upstream" | "log">;
type Due = RowOf<typeof takeVerdictsDue>;

/** Requests under way at once. */
const AT_ONCE = 20;
const TIMEOUT_MS = 10_000;

/** What a sponsor's webhook says. Anything else is no verdict. */
const Verdict = z.discriminatedUnion("verdict", [
  z.object({ verdict: z.literal("accept") }),
  z.object({
    verdict: z.literal("reject"),
    reason: RejectReason.exclude(["rule"]),
    note: visibleText(1, 300).optional(),
  }),
]);

/**
 * Asks sponsors' webhooks about answers that are held back for them, and gives the answers their verdicts. The request has ids only:
 * the sponsor reads the answer with its key, so a forged request learns nothing and decides nothing. Without a verdict the webhook is
 * asked again, until the time is over and the answer counts as accepted. Several replicas may do this at once.
 * @returns how many were asked about
 */
export async function askVerdicts(ctx: Context): Promise<number> {
  const due = await takeVerdictsDue.all(ctx.sql, { most: AT_ONCE });
  await Promise.all(due.map((answer) => askVerdict(ctx, answer)));
  return due.length;
}

async function askVerdict(
  ctx: Context,
  { id, campaign_id, sponsor_id, url, held_until }: Due,
): Promise<void> {
  const data = { answer_id: id, campaign_id, judge_until: held_until.toISOString() };
  const answer = await ctx.upstream.request({
    url,
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ type: "answer.review", data }),
    timeoutMs: TIMEOUT_MS,
    confidential: [],
  });
  const verdict = answer.kind === "answer" && answer.status === 200 ? readVerdict(answer.body) : undefined;
  if (verdict === undefined) return;
  const asSponsor = {
    ...ctx,
    actor: { kind: "sponsor" as const, sponsorId: sponsor_id, via: { kind: "operator" as const } },
  };
  try {
    if (verdict.verdict === "accept") await acceptAnswer(asSponsor, { answer_id: id }, "webhook");
    else await rejectAnswer(asSponsor, { answer_id: id, ...verdict }, "webhook");
  } catch (error) {
    // Judged, withdrawn, or out of time meanwhile.
    if (!(error instanceof AppError)) throw error;
  }
}

function readVerdict(body: Buffer): z.infer<typeof Verdict> | undefined {
  try {
    return Verdict.parse(JSON.parse(body.toString("utf8")));
  } catch {
    return undefined;
  }
}
