import { randomUUID } from "node:crypto";
import type { LackingMoney } from "../../access/approval/index.ts";
import { askForBudget, findApprovedBudget } from "../../access/approval/index.ts";
import { noteBudgetUsedUp } from "../../access/notice/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import { paymentsPaused, sponsorShareHeld, treasuryDayExhausted } from "../../money/outflow-limits/index.ts";
import type { Cap, PaymentSubject, Reservation } from "../../money/reservation/index.ts";
import { readCallAllowance, readRemainingBudgets, reserve } from "../../money/reservation/index.ts";
import type { Offer, Terms } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";
import { next } from "../../protocol/next-actions.ts";
import type { AssessedPayer, Payers, Shortfall } from "../../sponsorship/payer/index.ts";

type Context = Pick<Deps, "db" | "sql" | "batches" | "cipher" | "log" | "limiter" | "settings"> & {
  actor: SessionActor;
};

/** A call that a payer is to pay for. */
export interface SponsoredCall {
  service: string;
  /** The campaign that the caller named. Undefined: any payer. */
  campaignId: string | undefined;
  /** The claim of the run's idempotency key. */
  claim: Claim;
  inputDigest: Uint8Array;
  /** The caller's own idempotency key. */
  idempotencyKey: string | undefined;
}

/** A payment with its reservation. `sponsor`: the name of who pays. */
export type ReservedPayment = PaymentSubject & { sponsor: string };

/** A new payment of this call, by this payer, on these terms. */
export function paymentSubject(
  { actor }: Pick<Context, "actor">,
  call: SponsoredCall,
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
    inputDigest: call.inputDigest,
    claim: call.claim,
    idempotencyKey: call.idempotencyKey ?? null,
    quoteDigest,
  };
}

/**
 * Refuses a call that the budgets of the session and its grant don't cover, before the upstream is called.
 * @param money what the user has to say yes to (`findLackingMoney`)
 * @throws `budget_approval_required`, unless there is nothing
 */
export async function requireBudget(
  ctx: Context,
  call: SponsoredCall,
  money: LackingMoney | undefined,
): Promise<void> {
  if (money !== undefined) throw await budgetApprovalRequired(ctx, call, money);
}

/**
 * Returns what the user has to say yes to: what a call costs, if the budgets of the session and its grant don't cover it, or a
 * rule of the user asks for it. Undefined also if the user has approved a budget for it.
 */
export async function findLackingMoney(
  { db, sql, actor }: Pick<Context, "db" | "sql" | "actor">,
  service: string,
  amountMicros: bigint,
): Promise<LackingMoney | undefined> {
  const { session, grant, aboveRule } = await readCallAllowance(sql, actor, { service, amountMicros });
  const fits = session >= amountMicros && grant >= amountMicros;
  if (fits && !aboveRule) return undefined;
  const approved = await findApprovedBudget(db, actor.grantId, service, amountMicros);
  return approved === undefined ? { amountMicros, aboveRule: fits } : undefined;
}

/**
 * Reserves the quoted amount in every account of the call: the payer's, the session's, the grant's, the
 * user's calls on the campaign, and today's cap of the treasury. If a payer has too little left after all, or
 * undecided payments hold as much of its money, or of the day's cap, as they may, the next one is tried.
 * @returns the payment that holds the reservation
 * @throws `budget_approval_required`, `sponsor_budget_exhausted`, `user_cap_reached`,
 *   `idempotency_in_progress`, `payments_paused`, `rate_limited` if too many of the user's payments are
 *   undecided, and `task_required` if the consent to the task's answers was withdrawn meanwhile
 */
export async function reserveCall(
  ctx: Context,
  call: SponsoredCall,
  payers: Payers,
  { offer, digest }: { offer: Offer; digest: Uint8Array },
): Promise<ReservedPayment> {
  const { db, batches, actor } = ctx;
  const { amountMicros } = offer;
  const shortfalls = new Map<string, Shortfall>();
  let shareHeld: AppError | undefined;
  for (const payer of payers.ready) {
    const payment = paymentSubject(ctx, call, payer, offer, digest);
    const ask = (approvalId: string | null): Promise<Reservation> =>
      reserve(batches, {
        payment,
        payerAccountId: payer.account_id,
        sessionAccountId: actor.budgetAccountId,
        grantAccountId: actor.grantBudgetAccountId,
        approvalId,
        dayCapMicros: ctx.settings.treasuryDayMicros,
      });

    let result = await ask(null);
    if (result.kind === "above_rule" || (result.kind === "insufficient" && result.caps.every(isOwnBudget))) {
      const approvalId = await findApprovedBudget(db, actor.grantId, call.service, amountMicros);
      const money = { amountMicros, aboveRule: result.kind === "above_rule" };
      if (approvalId === undefined) throw await budgetApprovalRequired(ctx, call, money);
      result = await ask(approvalId);
      // An approval is good for one run, and another run may have used it meanwhile.
      if (result.kind === "claim_lost" || result.kind === "above_rule")
        throw await budgetApprovalRequired(ctx, call, money);
    }
    if (result.kind === "reserved") return { ...payment, sponsor: payer.sponsor };
    if (result.kind === "paused") throw paymentsPaused();
    // Today's cap is the same for every payer, and no user can raise it.
    if (result.kind === "insufficient" && result.dayAccountId !== undefined && result.caps.includes("day"))
      throw await treasuryDayExhausted(db, result.dayAccountId, amountMicros);
    if (result.kind === "grant_replaced") {
      const regranted = { ...actor, grantBudgetAccountId: result.accountId };
      return reserveCall({ ...ctx, actor: regranted }, call, payers, { offer, digest });
    }
    if (result.kind === "claim_lost") throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
    if (result.kind === "share_held")
      shareHeld ??= result.by === "user" ? userShareHeld() : sponsorShareHeld();
    else if (result.kind === "completion_withdrawn") shortfalls.set(payer.account_id, "task");
    else if (result.caps.every(isOwnBudget))
      throw await budgetApprovalRequired(ctx, call, { amountMicros, aboveRule: false });
    else shortfalls.set(payer.account_id, result.caps.includes("payer") ? "budget" : "user_cap");
  }
  // Waiting helps against a share that is held, which is more than against what the other payers lack.
  throw shareHeld ?? payers.refusal(shortfalls);
}

const isOwnBudget = (cap: Cap): boolean => cap === "session" || cap === "grant";

/** When a caller may ask again. Most payments are decided within seconds, the last ones after five minutes. */
const SHARE_RETRY_SECONDS = 30;

const userShareHeld = (): AppError =>
  new AppError("rate_limited", {
    message:
      "Too many of your payments to this service are still undecided. Nothing was charged. Wait until some are decided, then repeat the call.",
    retryAfterSeconds: SHARE_RETRY_SECONDS,
    nextActions: [next.flowStatus()],
  });

/** Opens an approval that asks the user for a budget for this call. Returns the error that names it. */
async function budgetApprovalRequired(
  ctx: Context,
  { service, campaignId }: SponsoredCall,
  money: LackingMoney,
): Promise<AppError> {
  const { sql, actor } = ctx;
  const { session, grant } = await readRemainingBudgets(sql, actor);
  if (grant < money.amountMicros)
    await noteBudgetUsedUp.count(sql, {
      ...{ grant_id: actor.grantId, budget_account_id: actor.grantBudgetAccountId },
    });
  const approval = await askForBudget(ctx, money, { serviceKey: service, campaignId });
  return new AppError("budget_approval_required", {
    ...(money.aboveRule && { message: "The user wants to be asked before a call that costs so much." }),
    details: {
      cost_cents: microsToCents(money.amountMicros),
      remaining_cents: microsToCents(session < grant ? session : grant),
      ...approval,
    },
    nextActions: [next.getApproval(approval.approval_id), next.flowStatus()],
  });
}
