import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { IncomingRow } from "../../money/incoming-payment/index.ts";
import {
  earlierClaim,
  presentedPayment,
  reconcileIncoming,
  settlePayment,
  takePayment,
} from "../../money/incoming-payment/index.ts";
import { requireUnpaused } from "../../money/outflow-limits/index.ts";
import type { PaymentRow } from "../../money/payment/index.ts";
import {
  awaitConfirmation,
  contentTypeOf,
  findPayment,
  quoteDigest,
  readStoredBytes,
  sendPayment,
  signPayment,
} from "../../money/payment/index.ts";
import { compileSchema } from "../../personal-data/data-schema/index.ts";
import type { UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import type { PresentedPayment, RequestHeaders } from "../../ports/x402-seller.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import { buildUpstreamRequest, findApi, invalidRunInput } from "../../sponsorship/sponsored-api/index.ts";
import { askQuote } from "../quote/index.ts";
import { closeDirectPayments } from "./close-direct-payments.ts";
import { directPaymentOutcome } from "./outcome.ts";
import { saleTerms } from "./sale-terms.ts";
import type { RunDirectlyInput } from "./schema.ts";
import { claimDirectPayment, findPaymentIdOf } from "./store.ts";

type Context = Deps & { headers: RequestHeaders };

export interface DirectRun {
  body: Buffer;
  contentType: string;
  /** The receipt, in the words of the version that was paid with. */
  headers: Record<string, string>;
  /** Answered from what an earlier request with the same payment and id brought. */
  replayed: boolean;
}

/** One call on its way: what is asked, of whom. */
interface Call {
  api: ApiRow;
  request: UpstreamRequest;
  /** What is asked for, so that a payment's second coming is known to be for the same. */
  requestDigest: Uint8Array;
}

/**
 * Runs a service for whoever pays for it (R3.4, R5.3): the buyer pays us the upstream's quote and our fee, and we pay the
 * upstream. Each signature runs once. The buyer's money is on chain before ours is signed; where ours then can't move
 * any more, the buyer's goes back (`attendPayouts`).
 * @throws `payment_required` with the terms where nothing was paid, `duplicate_request` for a payment seen before, with
 *   what became of it, `upstream_error` and `upstream_timeout` after paying with the transactions, `service_unavailable`
 *   where it isn't known yet whether the payment arrived: never a second 402, for which a client would sign again
 */
export async function runDirectly(ctx: Context, input: z.infer<typeof RunDirectlyInput>): Promise<DirectRun> {
  const call = await readCall(ctx, input);
  const payment = presentedPayment(ctx, ctx.headers);
  const earlier = payment && (await earlierClaim(ctx, payment));
  if (payment !== undefined && earlier !== undefined) return again(ctx, call, payment, earlier);

  // Only of what is sold from here on: who has paid before is told what became of it.
  if (!call.api.active) throw new AppError("inactive", { message: "This service is paused." });
  await requireUnpaused(ctx.db);
  const quote = await askQuote(ctx, call.api, call.request, undefined);
  if (quote.kind === "free") throw notForSale();

  const { offer } = quote;
  const terms = saleTerms(ctx.settings, call.api, offer.amountMicros);
  const paymentId = randomUUID();
  const taken = await takePayment(ctx, payment, terms, (claimable) =>
    claimDirectPayment(ctx.db, {
      claimable,
      paymentId,
      service: call.api.serviceKey,
      quote: offer,
      quoteDigest: quoteDigest(offer, call.request),
      requestDigest: call.requestDigest,
      retryIdDigest: retryIdDigest(ctx, payment),
      feeMicros: terms.amountMicros - offer.amountMicros,
    }),
  );
  if (taken.kind === "earlier") return again(ctx, call, taken.payment, taken.claim);
  const paidTxHash = await settlePayment(ctx, taken, terms);
  if (paidTxHash === undefined) throw notArrived();
  return handOn(ctx, call, taken.claim, {
    paymentId,
    offer,
    receipt: ctx.seller.receipt(taken.payment, paidTxHash),
  });
}

async function readCall(ctx: Context, input: z.infer<typeof RunDirectlyInput>): Promise<Call> {
  const { db, cipher } = ctx;
  const api = await findApi(db, input.service_key);
  if (api === undefined) throw notFound("service");
  if (api.payTo === null) throw notForSale();
  const data = input.input ?? {};
  const checked = compileSchema(api.inputSchema).validate(data, "/input");
  if (!checked.ok) throw invalidRunInput(api, checked.errors);
  return {
    api,
    request: buildUpstreamRequest(api, data, cipher),
    requestDigest: cipher.hmac(canonicalJson([api.serviceKey, data])),
  };
}

/** Our half: the payment that is reserved, what it is to be signed for, and the receipt of the buyer's. */
interface Handover {
  paymentId: string;
  offer: Offer;
  receipt: Record<string, string>;
}

/** The buyer's money is there: signs ours, and sends the request with it. */
async function handOn(
  ctx: Context,
  { request }: Call,
  claim: IncomingRow,
  { paymentId, offer, receipt }: Handover,
): Promise<DirectRun> {
  let answer: UpstreamAnswer | UpstreamFailure | undefined;
  try {
    const signed = await signPayment(ctx, { id: paymentId, permit: "incoming" }, offer, request);
    answer = await sendPayment(ctx, paymentId, signed, false);
  } catch (error) {
    await closeDirectPayments(ctx);
    throw error instanceof AppError ? withHeaders(error, receipt) : error;
  }
  if (answer?.kind === "answer" && answer.status >= 200 && answer.status < 300)
    return { ...bytesOf(answer), headers: receipt, replayed: false };

  await awaitConfirmation(ctx, paymentId);
  await closeDirectPayments(ctx);
  const options = {
    details: {
      direct_payment: await directPaymentOutcome(ctx, claim.id),
      ...(answer?.kind === "answer" && { upstream_status: answer.status }),
    },
    headers: receipt,
    retryAfterSeconds: RETRY_SECONDS,
  };
  if (answer?.kind === "timeout") throw new AppError("upstream_timeout", options);
  throw new AppError("upstream_error", {
    message:
      "The upstream brought nothing for the payment. It is refunded unless the upstream took the money.",
    ...options,
  });
}
const RETRY_SECONDS = 5;

/**
 * The same signature, sent again. Whoever knows its id gets what was kept, or, where its money has arrived only since,
 * has it used now; everybody else is told what became of it.
 */
async function again(
  ctx: Context,
  call: Call,
  payment: PresentedPayment,
  earlier: IncomingRow,
): Promise<DirectRun> {
  const { request_digest: digest } = earlier;
  if (digest === null || Buffer.compare(digest, call.requestDigest) !== 0)
    throw new AppError("duplicate_request", { message: "This payment was used for something else." });
  const paidTxHash = await reconcileIncoming(ctx, earlier);
  const receipt = paidTxHash === undefined ? {} : ctx.seller.receipt(payment, paidTxHash);
  const id = retryIdDigest(ctx, payment);
  // Once settled, all of a payment is public on the chain, except the id: without one, anybody might be asking.
  if (
    id !== undefined &&
    earlier.retry_id_digest !== null &&
    Buffer.compare(id, earlier.retry_id_digest) === 0
  ) {
    const ours = await findPayment(ctx.db, await findPaymentIdOf(ctx.db, earlier.id));
    if (paidTxHash !== undefined && ours.status === "reserved") {
      const offer = await sameOffer(ctx, call, ours);
      if (offer !== undefined) return handOn(ctx, call, earlier, { paymentId: ours.id, offer, receipt });
    }
    const kept = readStoredBytes(ours, ctx.cipher);
    if (kept !== undefined) return { ...kept, headers: receipt, replayed: true };
  }
  throw new AppError("duplicate_request", {
    message: "This payment was used already, or is being used.",
    details: { direct_payment: await directPaymentOutcome(ctx, earlier.id) },
    headers: receipt,
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** What the upstream asks for now, if that is still what our payment is reserved for. */
async function sameOffer(ctx: Context, { api, request }: Call, ours: PaymentRow): Promise<Offer | undefined> {
  const quote = await askQuote(ctx, api, request, undefined);
  return quote.kind === "toll" && quote.offer.amountMicros === ours.amount_micros ? quote.offer : undefined;
}

const retryIdDigest = ({ cipher }: Context, payment: PresentedPayment | undefined): Buffer | undefined =>
  payment?.retryId === undefined ? undefined : cipher.hmac(payment.retryId);

const bytesOf = (answer: UpstreamAnswer): Pick<DirectRun, "body" | "contentType"> => ({
  body: answer.body,
  contentType: contentTypeOf(answer),
});

function withHeaders(error: AppError, headers: Record<string, string>): AppError {
  Object.assign(error.headers, headers);
  return error;
}

/** What costs nothing is a gift to those whom its sponsor means it for, perhaps with the sponsor's own key in a header. */
const notForSale = (): AppError =>
  new AppError("no_sponsor", {
    message: "This service costs nothing, and isn't for sale: agents run it for their users.",
    nextActions: [next.auth()],
  });

const notArrived = (): AppError =>
  new AppError("service_unavailable", {
    message:
      "It isn't known yet whether the payment arrived. Ask again with the same one; don't sign another. One that carries an id is used once it arrives; without, it is refunded.",
    retryAfterSeconds: RETRY_SECONDS,
  });
