import type { Hex } from "viem";
import type { Deps } from "../../context.ts";
import type { Authorization } from "../../ports/chain.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { Decision } from "../settlement/index.ts";
import { askChain, authorizationOf, orLog, pollChain, workOnDue } from "../settlement/index.ts";
import { endPayment } from "./end-payment-store.ts";
import type { PaymentRow } from "./read-store.ts";
import { logSetAside } from "./log-set-aside.ts";
import { findPayment, findPaymentsById } from "./read-store.ts";
import { readStoredRequest, resendPayment } from "./sign-and-send.ts";
import { isOpen } from "./status.ts";
import { takeDuePayments } from "./store.ts";

type Context = Pick<
  Deps,
  "db" | "sql" | "networks" | "cipher" | "upstream" | "settings" | "log" | "background"
>;

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
 * @param authorization what was signed, if more of it is known than is stored
 * @param milliseconds how long to wait for the chain
 * @param canResend whether the reconciler has room to send a request to this service again
 * @returns the payment after that; unchanged if the chain couldn't be asked in time
 */
async function reconcile(
  ctx: Context,
  payment: PaymentRow,
  {
    authorization = authorizationOf(payment),
    milliseconds,
    canResend = true,
  }: { authorization?: Authorization | undefined; milliseconds?: number; canResend?: boolean } = {},
): Promise<PaymentRow> {
  if (authorization === undefined || !isOpen(payment)) return payment;

  const { id, network } = payment;
  const subject = { noun: "payment", id, network, authorization, signedBy: "treasury" } as const;
  const decision = await askChain(ctx, subject, milliseconds);
  switch (decision.kind) {
    case "pending":
    case "unknown":
      return payment;
    case "settled":
      return canResend && mayResend(payment, MAX_SENDS_AFTER_SETTLEMENT)
        ? payment
        : endAs(ctx, payment.id, decision);
    case "canceled":
    case "expired":
      return endAs(ctx, payment.id, decision);
  }
}

async function endAs(ctx: Context, id: string, decision: Ended): Promise<PaymentRow> {
  await end(ctx, id, decision);
  return findPayment(ctx.db, id);
}

type Ended = Exclude<Decision, { kind: "pending" | "unknown" }>;

/** Ends a payment as the chain has decided. Returns whether this call did it, and no other one before. */
async function end({ sql, log }: Context, id: string, decision: Ended): Promise<boolean> {
  const { kind: status, evidence } = decision;
  const txHash = decision.kind === "settled" ? decision.txHash : null;
  const ended = await endPayment(sql, id, { status, txHash, evidence });
  if (ended !== undefined) log.info({ event: `payment_${status}`, payment_id: id }, `payment ${status}`);
  logSetAside(log, ended?.setAside);
  return ended !== undefined;
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
  const queue = {
    noun: "payment",
    take: takeDuePayments,
    find: findPaymentsById,
    work: (payment: PaymentRow) => endIfDecided(ctx, payment, canResend(payment.service)),
  } as const;
  const undecided = await workOnDue(ctx, queue, limit);
  return undecided.flatMap((payment) =>
    payment !== undefined && mayResend(payment, MAX_SENDS)
      ? [
          {
            service: payment.service,
            send: async () => {
              await orLog(ctx, "payment", payment.id, () => resend(ctx, payment));
            },
          },
        ]
      : [],
  );
}

/** Ends a payment if it is decided or abandoned. Returns the payment if it is signed and still open. */
async function endIfDecided(
  ctx: Context,
  payment: PaymentRow,
  canResend: boolean,
): Promise<PaymentRow | undefined> {
  if (payment.status === "reserved") {
    if (payment.abandoned)
      await endPayment(ctx.sql, payment.id, { status: "void", reason: "abandoned before signing" });
    return undefined;
  }
  const current = await reconcile(ctx, payment, { canResend });
  return isOpen(current) ? current : undefined;
}

/**
 * Whether the signed request may be sent again: no answer was delivered, no other call is sending it, and it
 * was sent fewer than `maxSends` times. It is always the same request; a new signature is never made.
 */
function mayResend(payment: PaymentRow, maxSends: number): boolean {
  return (
    (payment.status === "signed" || payment.status === "sent" || payment.status === "unknown") &&
    payment.deliveredAt === null &&
    payment.request !== null &&
    !payment.sendLeased &&
    payment.sendAttempts < maxSends
  );
}

async function resend(ctx: Context, payment: PaymentRow): Promise<void> {
  if (payment.request === null) return;
  const request = readStoredRequest(payment.id, payment.request, ctx.cipher);
  const answer = await resendPayment(ctx, payment, request);
  if (answer === undefined) return;
  ctx.log.info(
    { event: "payment_resent", payment_id: payment.id, outcome: answer.kind },
    "the signed request was sent again",
  );
  await reconcile(ctx, await findPayment(ctx.db, payment.id));
}

/** A first look at the chain, taken while the answer is recorded. */
export interface FirstLook {
  /** With the transaction that the seller names. */
  authorization: Authorization;
  decision: Promise<Decision>;
}

/**
 * Asks the chain about a payment as soon as its seller has answered. The seller names its transaction, so the chain needn't be
 * searched for it. It doesn't fail: if the chain can't be asked, nothing is decided yet.
 */
export function lookAtOnce(
  ctx: Context,
  { id, network }: { id: string; network: string },
  signed: Authorization,
  answer: UpstreamAnswer,
): FirstLook {
  const claimedTxHash = ctx.networks.get(network).buyer.readClaimedTransaction(answer);
  const authorization = { ...signed, claimedTxHash };
  const subject = { noun: "payment", id, network, authorization, signedBy: "treasury" } as const;
  return { authorization, decision: askChain(ctx, subject, ctx.settings.confirmWaitMs) };
}

/** Settles a payment by the first look at the chain. Returns its transaction; undefined if it has to be looked at again. */
export async function settleAtOnce(
  ctx: Context,
  paymentId: string,
  firstLook: FirstLook,
): Promise<Hex | undefined> {
  const decision = await firstLook.decision;
  if (decision.kind !== "settled") return undefined;
  return (await end(ctx, paymentId, decision)) ? decision.txHash : undefined;
}

/**
 * Waits until the chain has decided a payment whose request was answered, at most `confirmWaitMs`. Returns
 * the payment, which may still be open.
 * @param authorization what was signed, if more of it is known than is stored
 */
export async function awaitConfirmation(
  ctx: Context,
  paymentId: string,
  authorization?: Authorization,
): Promise<PaymentRow> {
  let payment = await findPayment(ctx.db, paymentId);
  return pollChain(
    ctx.settings.confirmWaitMs,
    async (milliseconds) => (payment = await reconcile(ctx, payment, { authorization, milliseconds })),
    (current) => !isOpen(current),
  );
}

/** Asks the chain about a payment for a caller who waits, once, and for at most `confirmWaitMs`. */
export const reconcileSoon = (ctx: Context, payment: PaymentRow): Promise<PaymentRow> =>
  reconcile(ctx, payment, { milliseconds: ctx.settings.confirmWaitMs });
