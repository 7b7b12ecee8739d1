import { randomUUID } from "node:crypto";
import { openApproval } from "../../access/approval/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import { openTreasuryDay, requireUnpaused, treasuryDayExhausted } from "../../money/outflow-limits/index.ts";
import type { Hold, PaymentSubject } from "../../money/reservation/index.ts";
import { findApprovedBudget, openUserCap, remainingBudgets, reserve } from "../../money/reservation/index.ts";
import type { Offer, Terms } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { AssessedPayer, Payers, Shortfall } from "../../sponsorship/payer/index.ts";
import type { ClaimedRun } from "./claim-run.ts";

type Context = Pick<Deps, "db" | "cipher" | "log" | "limiter" | "settings"> & { actor: SessionActor };

/** A call on its way to being paid. */
export interface Call {
  service: string;
  campaignId: string | undefined;
  claimed: Extract<ClaimedRun, { kind: "claimed" }>;
  idempotencyKey: string | undefined;
}

export function paymentSubject(
  { actor }: Pick<Context, "actor">,
  call: Call,
  payer: AssessedPayer,
  terms: Terms,
  quoteDigest: Uint8Array | null,
): PaymentSubject {
  return {
    id: randomUUID(),
    service: call.service,
    campaignId: payer.campaign_id,
    sponsorId: payer.sponsor_id,
    amountMicros: terms.amountMicros,
    network: terms.network,
    asset: terms.asset,
    payTo: terms.payTo,
    agentId: actor.agentId,
    sessionId: actor.sessionId,
    grantId: actor.grantId,
    userId: actor.userId,
    inputDigest: call.claimed.inputDigest,
    claim: call.claimed.claim,
    idempotencyKey: call.idempotencyKey ?? null,
    quoteDigest,
  };
}

/**
 * Refuses a call that the session or its grant can't pay for, before the upstream hears of it.
 * @throws `budget_approval_required`
 */
export async function requireBudget(ctx: Context, call: Call, costMicros: bigint): Promise<void> {
  const { db, actor } = ctx;
  const remaining = await remainingBudgets(db, [actor.budgetAccountId, actor.grantBudgetAccountId]);
  if (remaining.every((micros) => micros >= costMicros)) return;
  if ((await approvedBudget(ctx, call, costMicros)) === undefined)
    throw await budgetApprovalRequired(ctx, call, costMicros);
}

/**
 * Reserves the quote on every account of the call: payer, session, grant, the user's calls on the campaign, and what the
 * treasury may pay in a day.
 * A payer that turns out to be short is passed over for the next.
 * @returns the payment, which now holds its reservation
 * @throws `budget_approval_required`, `sponsor_budget_exhausted`, `user_cap_reached`, `idempotency_in_progress`, `payments_paused`, and
 *   `task_required` where the task's consent was withdrawn meanwhile
 */
export async function reserveCall(
  ctx: Context,
  call: Call,
  payers: Payers,
  { offer, digest }: { offer: Offer; digest: Uint8Array },
): Promise<PaymentSubject> {
  const { db, actor } = ctx;
  const cost = offer.amountMicros;
  const short = new Map<string, Shortfall>();
  await requireUnpaused(db);
  const dayCap = ctx.settings.treasuryDayMicros;
  const day = dayCap === undefined ? undefined : await openTreasuryDay(db, dayCap);

  for (const payer of payers.ready) {
    const payment = paymentSubject(ctx, call, payer, offer, digest);
    const cap =
      payer.campaign_id === null ? undefined : await openUserCap(db, payer.campaign_id, actor.userId);
    const holds: Hold[] = [
      { accountId: payer.account_id, amount: cost, raisable: false },
      { accountId: actor.budgetAccountId, amount: cost, raisable: true },
      { accountId: actor.grantBudgetAccountId, amount: cost, raisable: true },
      ...(cap === undefined ? [] : [{ accountId: cap, amount: 1n, raisable: false }]),
      ...(day === undefined ? [] : [{ accountId: day, amount: cost, raisable: false }]),
    ];
    const isOwnBudget = (accountId: string): boolean =>
      accountId === actor.budgetAccountId || accountId === actor.grantBudgetAccountId;

    let result = await reserve(db, payment, holds, null);
    // No other payer could change that, and no user either.
    if (result.kind === "short" && day !== undefined && result.accountIds.includes(day))
      throw await treasuryDayExhausted(db, day, cost);
    if (result.kind === "short" && result.accountIds.every(isOwnBudget)) {
      const approvalId = await approvedBudget(ctx, call, cost);
      if (approvalId === undefined) throw await budgetApprovalRequired(ctx, call, cost);
      result = await reserve(db, payment, holds, approvalId);
      // The approval went to another run meanwhile; it is good for one.
      if (result.kind === "lost") throw await budgetApprovalRequired(ctx, call, cost);
    }
    if (result.kind === "reserved") return payment;
    if (result.kind === "regranted") {
      const regranted = { ...actor, grantBudgetAccountId: result.accountId };
      return reserveCall({ ...ctx, actor: regranted }, call, payers, { offer, digest });
    }
    if (result.kind === "lost") throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
    if (result.kind === "unearned") short.set(payer.account_id, "task");
    else if (result.accountIds.includes(payer.account_id)) short.set(payer.account_id, "budget");
    else if (cap !== undefined && result.accountIds.includes(cap)) short.set(payer.account_id, "user_cap");
    else throw await budgetApprovalRequired(ctx, call, cost);
  }
  throw payers.refusal(short);
}

async function approvedBudget(
  { db, actor }: Context,
  call: Call,
  costMicros: bigint,
): Promise<string | undefined> {
  return findApprovedBudget(db, actor.grantId, call.service, microsToCents(costMicros));
}

async function budgetApprovalRequired(ctx: Context, call: Call, costMicros: bigint): Promise<AppError> {
  const { db, actor } = ctx;
  const [session = 0n, grant = 0n] = await remainingBudgets(db, [
    actor.budgetAccountId,
    actor.grantBudgetAccountId,
  ]);
  const approval = await openApproval(ctx, {
    kind: "budget",
    agentId: actor.agentId,
    userId: actor.userId,
    grantId: actor.grantId,
    sessionId: actor.sessionId,
    sameQuestionKey: actor.sessionId,
    requested: {
      service_key: call.service,
      amount_cents: microsToCents(costMicros),
      campaign_id: call.campaignId ?? null,
    },
  });
  return new AppError("budget_approval_required", {
    details: {
      cost_cents: microsToCents(costMicros),
      remaining_cents: microsToCents(session < grant ? session : grant),
      ...approval,
    },
    nextActions: [next.getApproval(approval.approval_id), next.flowStatus()],
  });
}
