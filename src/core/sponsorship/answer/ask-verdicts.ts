import { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/fields.ts";
import type { RowOf } from "../../ports/statement.ts";
import { RejectReason } from "../../protocol/reject-reasons.ts";
import { secretsOf, signedRequest } from "../../protocol/signed-webhooks.ts";
import { takeVerdictsDue } from "../task/index.ts";
import { acceptAnswer, rejectAnswer } from "./judge-answer.ts";

type Context = Pick<Deps, "sql" | "upstream" | "log" | "cipher">;
type Due = RowOf<typeof takeVerdictsDue>;

/**
 * Requests under way at once, in all and of one sponsor: of sponsors whose webhook answers, and of those whose webhook was slow the
 * last time. Those have places of their own, so they delay only each other.
 */
const LANES = [
  { troubled: false, places: 32, ofSponsor: 8 },
  { troubled: true, places: 8, ofSponsor: 1 },
] as const;
const TIMEOUT_MS = 10_000;
/** A webhook that takes longer is slow. */
const SLOW_MS = 2_000;
/** So many slow ones are remembered. */
const MOST_TROUBLED = 1_000;
/** A verdict with the longest note is shorter. Longer ones aren't parsed. */
const MOST_VERDICT_BYTES = 16 * 1024;

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
 * the sponsor reads the answer with its key. It is signed once the sponsor has made the campaign's secret. Without a verdict the webhook
 * is asked again, until the time is over and the answer counts as accepted. Several replicas may do this at once.
 */
export class VerdictAsker {
  readonly #ctx: Context;
  /** Sponsors who are being asked. */
  readonly #busy = new Map<string, { troubled: boolean; requests: number; ended: Promise<void> }>();
  /** Sponsors whose webhook was slow, the one that was slow last at the end. */
  readonly #troubled = new Set<string>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** Asks about what is due, as far as there are places. It doesn't wait for the answers, so a slow webhook delays no other. */
  async askDue(): Promise<void> {
    for (const { troubled, places, ofSponsor } of LANES) {
      const underWay = [...this.#busy.values()].filter((busy) => busy.troubled === troubled);
      const most = places - underWay.reduce((sum, { requests }) => sum + requests, 0);
      if (most <= 0) continue;
      const due = await takeVerdictsDue.all(this.#ctx.sql, {
        ...{ most, most_of_sponsor: ofSponsor, troubled },
        troubled_ids: [...this.#troubled],
        busy_ids: [...this.#busy.keys()],
      });
      for (const sponsorId of new Set(due.map((answer) => answer.sponsor_id))) {
        const answers = due.filter((answer) => answer.sponsor_id === sponsorId);
        const ended = this.#ask(sponsorId, answers);
        this.#busy.set(sponsorId, { troubled, requests: answers.length, ended });
      }
    }
  }

  /** Waits until all are answered. */
  async finish(): Promise<void> {
    await Promise.all([...this.#busy.values()].map(({ ended }) => ended));
  }

  async #ask(sponsorId: string, answers: readonly Due[]): Promise<void> {
    const started = performance.now();
    try {
      await Promise.all(answers.map((answer) => askVerdict(this.#ctx, answer)));
    } catch (error) {
      this.#ctx.log.error(
        { event: "verdicts_unasked", sponsor_id: sponsorId, err: error },
        "a sponsor's webhook wasn't asked about answers",
      );
    }
    this.#troubled.delete(sponsorId);
    if (performance.now() - started > SLOW_MS) this.#troubled.add(sponsorId);
    const [oldest] = this.#troubled;
    if (oldest !== undefined && this.#troubled.size > MOST_TROUBLED) this.#troubled.delete(oldest);
    this.#busy.delete(sponsorId);
  }
}

async function askVerdict(
  ctx: Context,
  { id, campaign_id, sponsor_id, url, created_at, held_until, secret, previous_secret }: Due,
): Promise<void> {
  const data = { answer_id: id, campaign_id, judge_until: held_until.toISOString() };
  const secrets =
    secret === null
      ? []
      : secretsOf(ctx.cipher, "verdict_secrets", { id: campaign_id, secret, previous_secret });
  const { body, headers } = signedRequest(
    { id, type: "answer.review", occurredAt: created_at, data },
    secrets,
  );
  const answer = await ctx.upstream.request({
    url,
    method: "POST",
    headers: { ...headers, accept: "application/json" },
    body,
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
  if (body.length > MOST_VERDICT_BYTES) return undefined;
  try {
    return Verdict.parse(JSON.parse(body.toString("utf8")));
  } catch {
    return undefined;
  }
}
