import type { Deps } from "../../context.ts";
import type { Verdict } from "../../ports/chain.ts";
import { authorizationOf, pollChain } from "../settlement/index.ts";
import type { PaymentRow } from "./read-store.ts";
import { findPayment } from "./read-store.ts";
import { readStoredRequest, sendPayment } from "./sign-and-send.ts";
import { isOpen } from "./status.ts";
import { endPayment, takeDuePayments } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "cipher" | "upstream" | "paymentClient" | "settings" | "log">;

/** How often a request may be sent in all, while its payment is undecided. */
const MAX_SENDS = 4;
/**
 * The same once the money has moved. A seller that recognises its payments delivers on a second request with
 * the same payment, so the request is sent once more before the payment is ended as undelivered.
 */
const MAX_SENDS_AFTER_SETTLEMENT = 2;

/**
 * Asks the chain about a payment, and ends it if the chain has decided. Safe to call at any time and from any
 * replica: every transition is a compare-and-set. A settled payment without an answer stays open while its
 * request may be sent again, so that the reconciler can fetch the answer first.
 * @param canResend whether the reconciler has room to send a request to this service again
 * @returns the payment after that
 */
async function reconcile(ctx: Context, payment: PaymentRow, canResend = true): Promise<PaymentRow> {
  const { chain, log } = ctx;
  const authorization = authorizationOf(payment);
  if (authorization === undefined || !isOpen(payment)) return payment;

  const verdict = await chain.lookUp(authorization);
  switch (verdict.kind) {
    case "pending":
      return payment;
    case "diverted":
    case "unexplained":
      log.error(
        { event: "payment_unexplained", payment_id: payment.id, tx_hash: verdict.txHash },
        "the authorization was used, but no matching transfer was found",
      );
      return payment;
    case "settled":
      return canResend && mayResend(payment, MAX_SENDS_AFTER_SETTLEMENT)
        ? payment
        : endAs(ctx, payment, verdict);
    case "canceled":
    case "expired":
      return endAs(ctx, payment, verdict);
  }
}

async function endAs(
  { db, log }: Context,
  payment: PaymentRow,
  verdict: Exclude<Verdict, { kind: "pending" | "diverted" | "unexplained" }>,
): Promise<PaymentRow> {
  const txHash = "txHash" in verdict ? verdict.txHash : null;
  if (await endPayment(db, payment.id, { status: verdict.kind, verdict, txHash })) {
    log.info({ event: `payment_${verdict.kind}`, payment_id: payment.id }, `payment ${verdict.kind}`);
  }
  return findPayment(db, payment.id);
}

/** A signed request that the caller may send again. It can take as long as the upstream's timeout. */
export interface Resend {
  service: string;
  send: () => Promise<void>;
}

/**
 * Takes the payments that are due, asks the chain about each, and ends those that are decided. Also voids
 * payments that were reserved and abandoned.
 * @param canResend whether the caller has room to send a request to this service again. If not, a payment
 *   whose money has moved is settled at once, without sending its request again
 * @returns for undecided payments without an answer: the same signed requests, for the caller to send again
 */
export async function reconcileDuePayments(
  ctx: Context,
  limit: number,
  canResend: (service: string) => boolean,
): Promise<Resend[]> {
  const due = await takeDuePayments(ctx.db, limit);
  const undecided = await Promise.all(
    due.map((payment) =>
      tryOrLog(ctx, payment, () => endIfDecided(ctx, payment, canResend(payment.service))),
    ),
  );
  return undecided.flatMap((payment) =>
    payment !== undefined && mayResend(payment, MAX_SENDS)
      ? [{ service: payment.service, send: () => tryOrLog(ctx, payment, () => resend(ctx, payment)) }]
      : [],
  );
}

/** Logs a failure and returns undefined. The work is tried again when the payment is due again. */
async function tryOrLog<Result>(
  { log }: Context,
  { id }: PaymentRow,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    log.warn(
      { event: "reconcile_failed", payment_id: id, error: String(error) },
      "reconciling failed; the payment stays pending",
    );
    return undefined;
  }
}

/** Ends a payment if it is decided or abandoned. Returns the payment if it is signed and still open. */
async function endIfDecided(
  ctx: Context,
  payment: PaymentRow,
  canResend: boolean,
): Promise<PaymentRow | undefined> {
  if (payment.status === "reserved") {
    if (payment.abandoned)
      await endPayment(ctx.db, payment.id, { status: "void", reason: "abandoned before signing" });
    return undefined;
  }
  const current = await reconcile(ctx, payment, canResend);
  return isOpen(current) ? current : undefined;
}

/**
 * Whether the signed request may be sent again: no answer was delivered, no other call is sending it, and it
 * was sent fewer than `maxSends` times. It is always the same request; a new signature is never made.
 */
function mayResend(payment: PaymentRow, maxSends: number): boolean {
  return (
    (payment.status === "signed" || payment.status === "sent" || payment.status === "unknown") &&
    payment.delivered_at === null &&
    payment.request !== null &&
    !payment.send_leased &&
    payment.send_attempts < maxSends
  );
}

async function resend(ctx: Context, payment: PaymentRow): Promise<void> {
  if (payment.request === null) return;
  const answer = await sendPayment(
    ctx,
    payment.id,
    readStoredRequest(payment.id, payment.request, ctx.cipher),
    true,
  );
  if (answer === undefined) return;
  ctx.log.info(
    { event: "payment_resent", payment_id: payment.id, outcome: answer.kind },
    "the signed request was sent again",
  );
  await reconcile(ctx, await findPayment(ctx.db, payment.id));
}

/**
 * Waits until the chain has decided a payment whose request was answered, at most `confirmWaitMs`. Returns
 * the payment, which may still be open.
 */
export async function awaitConfirmation(ctx: Context, paymentId: string): Promise<PaymentRow> {
  const deadline = performance.now() + ctx.settings.confirmWaitMs;
  let payment = await findPayment(ctx.db, paymentId);
  const look = async (): Promise<PaymentRow> => {
    payment = await reconcileWithin(ctx, payment, deadline - performance.now());
    return payment;
  };
  return pollChain(deadline, look, (current) => !isOpen(current));
}

/**
 * Asks the chain about a payment for a caller who waits. Gives up after `confirmWaitMs`, in case the chain
 * hangs.
 */
export const reconcileSoon = (ctx: Context, payment: PaymentRow): Promise<PaymentRow> =>
  reconcileWithin(ctx, payment, ctx.settings.confirmWaitMs);

/**
 * Reconciles a payment. Returns the payment unchanged if the chain can't be asked in time; it is asked again
 * later.
 */
async function reconcileWithin(ctx: Context, payment: PaymentRow, milliseconds: number): Promise<PaymentRow> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<PaymentRow>((resolve) => {
    timer = setTimeout(() => resolve(payment), Math.max(0, milliseconds));
  });
  const reconciled = reconcile(ctx, payment).catch((error: unknown) => {
    ctx.log.warn(
      { event: "confirmation_unavailable", payment_id: payment.id, error: String(error) },
      "the chain couldn't be asked; the payment stays pending",
    );
    return payment;
  });
  try {
    return await Promise.race([reconciled, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
