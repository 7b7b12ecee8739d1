import type { Address, Hex } from "viem";
import type { Deps } from "../../context.ts";
import type { Authorization, Verdict } from "../../ports/chain.ts";
import { isOpen } from "./output.ts";
import { readStoredRequest, sendPayment } from "./sign-and-send.ts";
import type { PaymentRow } from "./store.ts";
import { endPayment, findPayment, takeDue } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "cipher" | "upstream" | "paymentClient" | "settings" | "log">;

const MAX_SENDS = 4;
/** Where the money has moved, a seller that knows its payments hands over what it was paid for; asked once more. */
const RESENDS_AFTER_SETTLING = 2;

/**
 * Decides a payment from the chain, if the chain has decided. Safe to call at any time from anywhere: every
 * transition is a compare-and-set. One whose resource may still be had by sending again is left for the reconciler
 * to do that first. Returns the payment as it stands afterwards.
 */
async function reconcile(ctx: Context, payment: PaymentRow, mayBeSent = true): Promise<PaymentRow> {
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
        "authorization used without a matching transfer",
      );
      return payment;
    case "settled":
      return mayBeSent && mayResend(payment, RESENDS_AFTER_SETTLING) ? payment : end(ctx, payment, verdict);
    case "canceled":
    case "expired":
      return end(ctx, payment, verdict);
  }
}

async function end(
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

/** A request that may be sent once more. How long that takes is up to the upstream. */
export interface Resend {
  service: string;
  send: () => Promise<void>;
}

/**
 * Takes the payments that are due and asks the chain about each: settles, expires or voids what the chain or the clock
 * has decided. Returns what is left to do for the others whose sending was interrupted: the same signed request again.
 * @param mayBeSent whether there is place for sending to a service again. Where there is none, a payment whose money has
 *   moved is settled without having asked once more
 */
export async function reconcileDuePayments(
  ctx: Context,
  limit: number,
  mayBeSent: (service: string) => boolean,
): Promise<Resend[]> {
  const due = await takeDue(ctx.db, limit);
  const undecided = await Promise.all(
    due.map((payment) => guarded(ctx, payment, () => decide(ctx, payment, mayBeSent(payment.service)))),
  );
  return undecided.flatMap((payment) =>
    payment !== undefined && mayResend(payment, MAX_SENDS)
      ? [{ service: payment.service, send: () => guarded(ctx, payment, () => resend(ctx, payment)) }]
      : [],
  );
}

/** What fails is tried again when the payment is due again. */
async function guarded<Result>(
  { log }: Context,
  { id }: PaymentRow,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    log.warn({ event: "reconcile_failed", payment_id: id, error: String(error) }, "payment left pending");
    return undefined;
  }
}

/** Ends a payment, if that can be said. Returns one that is still open after signing. */
async function decide(
  ctx: Context,
  payment: PaymentRow,
  mayBeSent: boolean,
): Promise<PaymentRow | undefined> {
  if (payment.status === "reserved") {
    if (payment.abandoned)
      await endPayment(ctx.db, payment.id, { status: "void", reason: "abandoned before signing" });
    return undefined;
  }
  const current = await reconcile(ctx, payment, mayBeSent);
  return isOpen(current) ? current : undefined;
}

/** Never a new signature: only the same request, where no answer came and nobody else is sending it. */
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
    "signed request sent again",
  );
  await reconcile(ctx, await findPayment(ctx.db, payment.id));
}

function authorizationOf(payment: PaymentRow): Authorization | undefined {
  const { pay_from, nonce, valid_before, signed_at_block } = payment;
  if (pay_from === null || nonce === null || valid_before === null || signed_at_block === null)
    return undefined;
  return {
    asset: payment.asset as Address,
    payer: pay_from as Address,
    payTo: payment.pay_to as Address,
    amountMicros: payment.amount_micros,
    nonce: nonce as Hex,
    validBefore: valid_before,
    signedAtBlock: signed_at_block,
  };
}

const LOOK_EVERY_MS = 150;

/** Waits, up to the configured time, for the chain to decide a payment whose resource is already here. */
export async function awaitConfirmation(ctx: Context, paymentId: string): Promise<PaymentRow> {
  const deadline = performance.now() + ctx.settings.confirmWaitMs;
  let payment = await findPayment(ctx.db, paymentId);
  for (;;) {
    payment = await reconcileWithin(ctx, payment, deadline - performance.now());
    if (!isOpen(payment) || performance.now() + LOOK_EVERY_MS > deadline) return payment;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Asks the chain on the way of somebody's question, without making them wait for a chain that hangs. */
export const reconcileSoon = (ctx: Context, payment: PaymentRow): Promise<PaymentRow> =>
  reconcileWithin(ctx, payment, ctx.settings.confirmWaitMs);

/** The payment as the chain has it, or as it was if the chain can't be asked in time: it will be asked later. */
async function reconcileWithin(ctx: Context, payment: PaymentRow, milliseconds: number): Promise<PaymentRow> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<PaymentRow>((resolve) => {
    timer = setTimeout(() => resolve(payment), Math.max(0, milliseconds));
  });
  const asked = reconcile(ctx, payment).catch((error: unknown) => {
    ctx.log.warn(
      { event: "confirmation_unavailable", payment_id: payment.id, error: String(error) },
      "payment left pending",
    );
    return payment;
  });
  try {
    return await Promise.race([asked, patience]);
  } finally {
    clearTimeout(timer);
  }
}
