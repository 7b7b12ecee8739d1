import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { canonicalJson } from "../canonical-json.ts";
import type { Deps } from "../context.ts";
import { compileSchema } from "../data-schema/index.ts";
import { AppError, notFound } from "../errors.ts";
import type { IncomingRow } from "../incoming/index.ts";
import {
  earlierClaim,
  presentedPayment,
  reconcileIncoming,
  settlePayment,
  takePayment,
} from "../incoming/index.ts";
import type { PresentedPayment, RequestHeaders } from "../incoming/ports.ts";
import type { Offer, UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../payment/ports.ts";
import {
  askQuote,
  awaitConfirmation,
  contentTypeOf,
  findPayment,
  keptBytes,
  quoteDigest,
  sendPayment,
  signPayment,
} from "../payment/index.ts";
import type { ApiRow } from "../sponsored-api/index.ts";
import { buildUpstreamRequest, findApi } from "../sponsored-api/index.ts";
import { requireUnpaused } from "../treasury/index.ts";
import { closeDirectPayments } from "./close-direct-payments.ts";
import { outcomeOf } from "./outcome.ts";
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

  await requireUnpaused(ctx.db);
  const quote = await askQuote(ctx, call.api, call.request, undefined);
  if (quote.kind === "free") return { ...bytesOf(quote.answer), headers: {}, replayed: false };

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
      dayMicros: ctx.settings.treasuryDayMicros,
    }),
  );
  if (taken.kind === "earlier") {
    if (payment === undefined) throw new Error("a payment was taken that nobody made");
    return again(ctx, call, payment, taken.claim);
  }

  const paidTxHash = await settlePayment(ctx, taken, terms);
  if (paidTxHash === undefined) throw notArrived();
  const receipt = ctx.seller.receipt(taken.payment, paidTxHash);
  return {
    ...(await handOn(ctx, call, taken.claim, paymentId, offer, receipt)),
    headers: receipt,
    replayed: false,
  };
}

async function readCall(ctx: Context, input: z.infer<typeof RunDirectlyInput>): Promise<Call> {
  const { db, cipher } = ctx;
  const api = await findApi(db, input.service_key);
  if (api === undefined) throw notFound("service");
  if (!api.active) throw new AppError("inactive", { message: "This service is paused." });
  const data = input.input ?? {};
  const checked = compileSchema(api.inputSchema).validate(data, "/input");
  if (!checked.ok)
    throw new AppError("validation_error", {
      message: "The input doesn't match the service's schema.",
      fieldErrors: checked.errors,
      details: { input_schema: api.inputSchema as Record<string, unknown> },
    });
  return {
    api,
    request: buildUpstreamRequest(api, data, cipher),
    requestDigest: cipher.hmac(canonicalJson([api.serviceKey, data])),
  };
}

/** The buyer's money is there: signs ours, and sends the request with it. */
async function handOn(
  ctx: Context,
  { request }: Call,
  claim: IncomingRow,
  paymentId: string,
  offer: Offer,
  receipt: Record<string, string>,
): Promise<Pick<DirectRun, "body" | "contentType">> {
  let answer: UpstreamAnswer | UpstreamFailure | undefined;
  try {
    const signed = await signPayment(ctx, { id: paymentId, permit: "incoming" }, offer, request);
    answer = await sendPayment(ctx, paymentId, signed, false);
  } catch (error) {
    await closeDirectPayments(ctx);
    throw error instanceof AppError ? withHeaders(error, receipt) : error;
  }
  if (answer?.kind === "answer" && answer.status >= 200 && answer.status < 300) return bytesOf(answer);

  await awaitConfirmation(ctx, paymentId);
  await closeDirectPayments(ctx);
  const options = {
    details: {
      direct_payment: await outcomeOf(ctx, claim.id),
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

/** The same signature, sent again: what was kept for whoever knows its id, else what became of it. */
async function again(
  ctx: Context,
  { requestDigest }: Call,
  payment: PresentedPayment,
  earlier: IncomingRow,
): Promise<DirectRun> {
  const same = earlier.request_digest !== null && Buffer.compare(earlier.request_digest, requestDigest) === 0;
  if (!same)
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
    const kept = keptBytes(await findPayment(ctx.db, await findPaymentIdOf(ctx.db, earlier.id)), ctx.cipher);
    if (kept !== undefined) return { ...kept, headers: receipt, replayed: true };
  }
  throw new AppError("duplicate_request", {
    message: "This payment was used already, or is being used.",
    details: { direct_payment: await outcomeOf(ctx, earlier.id) },
    headers: receipt,
    retryAfterSeconds: RETRY_SECONDS,
  });
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

const notArrived = (): AppError =>
  new AppError("service_unavailable", {
    message:
      "It isn't known yet whether the payment arrived. Ask again with the same one; don't sign another. If it arrives too late to be used, it is refunded.",
    retryAfterSeconds: RETRY_SECONDS,
  });
