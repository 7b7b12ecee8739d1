import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { IncomingRow } from "../../money/incoming-payment/index.ts";
import {
  awaitArrival,
  findEarlierClaim,
  readPayment,
  settlePayment,
  takePayment,
} from "../../money/incoming-payment/index.ts";
import type { PaymentRow } from "../../money/payment/index.ts";
import { findPayment, quoteDigest, readStoredBody } from "../../money/payment/index.ts";
import { validateData } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import type { Network } from "../../ports/network.ts";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import type { PresentedPayment, RequestHeaders } from "../../ports/x402-seller.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { AppError } from "../../protocol/errors.ts";
import { restoreNames } from "../../protocol/foreign/index.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import {
  buildUpstreamRequest,
  checkPathInput,
  invalidRunInput,
} from "../../sponsorship/sponsored-api/index.ts";
import { enterService, enterUnpaid } from "../in-flight/index.ts";
import { askQuote } from "../quote/index.ts";
import { findSold, notForSale, priceDemand, requireOnSale } from "./ask-price.ts";
import { directPaymentOutcome } from "./outcome.ts";
import type { DirectRun } from "./pay-upstream.ts";
import { payUpstream, RETRY_SECONDS } from "./pay-upstream.ts";
import { directFee, saleTerms } from "./sale-terms.ts";
import type { RunDirectlyInput } from "./schema.ts";
import { claimDirectPayment, findUpstreamPaymentId } from "./store.ts";

type Context = Deps & { headers: RequestHeaders; clientAddress: string };

/** A direct call: the service, and the request to its upstream. */
interface DirectCall {
  api: ApiRow;
  /** Where the upstream is paid, and where its buyer pays us. */
  network: Network;
  /** Only to make a run: an earlier payment is answered whatever changed since. @throws `validation_error` */
  buildRequest: () => Promise<UpstreamRequest>;
  /**
   * Keyed digest of service and input. It shows whether a payment that is sent again is for the same call. Made only for
   * calls with a payment: the largest inputs take milliseconds, and anybody may send them.
   */
  digestRequest: () => Uint8Array;
}

/**
 * Runs a service that the caller, the buyer, pays for (R3.4, R5.3). The buyer pays us the upstream's quote
 * and our fee, and we pay the upstream. Each signature pays for one run. The buyer's money is on chain before
 * our payment is signed. If our payment then can't move any more, the buyer gets a refund
 * (`recordRefunds`).
 * @throws `payment_required`, with the terms, if there was no payment: those of the upstream's quote, or of the
 *   registered price as long as there is no input to ask for a quote with; `duplicate_request` if the payment was
 *   used before, with its outcome; `upstream_error` and `upstream_timeout` after paying, with the
 *   transactions; `service_unavailable` if it isn't known yet whether the payment arrived, or, before
 *   anything is taken, if the service is busy; `rate_limited` if the caller has too many unpaid calls. It is never a second 402, because a client would sign again
 */
export async function runDirectly(ctx: Context, input: z.infer<typeof RunDirectlyInput>): Promise<DirectRun> {
  const { api, network } = await findSold(ctx, input.service_key);
  const payment = readPayment(network, ctx.headers);
  if (payment === undefined && input.input === undefined) throw await priceDemand(ctx, api, network);
  const call = readCall(ctx, api, network, restoreNames(api.inputSchema, input.input ?? {}));
  const earlier = payment && (await findEarlierClaim(ctx, network, payment));
  if (payment !== undefined && earlier !== undefined)
    return answerRepeatedPayment(ctx, call, payment, earlier);

  // A pause stops only new sales. A buyer who has paid before gets an answer above.
  const request = await call.buildRequest();
  await requireOnSale(ctx, api);
  // A payment that is attached may be worth nothing, so the call counts as unpaid until the payment is taken.
  const leaveUnpaid = enterUnpaid(ctx, ctx.clientAddress, api.serviceKey);
  try {
    const leave = enterService(ctx, api.serviceKey);
    try {
      return await buy(ctx, call, { payment, request, onTaken: leaveUnpaid, onAnswer: leave });
    } finally {
      leave();
    }
  } finally {
    leaveUnpaid();
  }
}

/** A call that may be made: its request, and the payment that the buyer has attached. */
interface AllowedCall {
  payment: PresentedPayment | undefined;
  request: UpstreamRequest;
  /** Called once the buyer's payment is claimed. */
  onTaken: () => void;
  /** Called once the upstream has answered the paid request. */
  onAnswer: () => void;
}

/** Asks for the price, takes the buyer's payment and pays the upstream. */
async function buy(
  ctx: Context,
  call: DirectCall,
  { payment, request, onTaken, onAnswer }: AllowedCall,
): Promise<DirectRun> {
  const { api, network } = call;
  const quote = await askQuote(ctx, api, request, undefined);
  if (quote.kind === "free") throw notForSale();

  const { offer } = quote;
  const terms = saleTerms(ctx.settings, api, offer.amountMicros);
  const paymentId = randomUUID();
  const taken = await takePayment(ctx, network, payment, terms, (authorization) =>
    claimDirectPayment(ctx.sql, {
      authorization,
      paymentId,
      service: api.serviceKey,
      quote: offer,
      quoteDigest: quoteDigest(offer, request),
      requestDigest: call.digestRequest(),
      retryIdDigest: retryIdDigest(ctx, payment),
      feeMicros: directFee(ctx.settings, offer.amountMicros),
    }),
  );
  onTaken();
  if (taken.kind === "earlier") {
    onAnswer();
    return answerRepeatedPayment(ctx, call, taken.payment, taken.claim);
  }
  const paidTxHash = await settlePayment(ctx, taken, terms);
  if (paidTxHash === undefined) throw arrivalUnknown();
  return payUpstream(ctx, request, taken.claim, {
    paymentId,
    offer,
    receipt: network.seller.receipt(taken.payment, paidTxHash),
    onAnswer,
  });
}

function readCall(ctx: Context, api: ApiRow, network: Network, data: Record<string, unknown>): DirectCall {
  return {
    api,
    network,
    buildRequest: async () => {
      const regions = campaignRegions(ctx, [api.name, api.description]);
      const submitted = { data, basePath: "/input", regions };
      const checked = await validateData(ctx, api.inputSchema, submitted);
      const errors = checked.ok ? checkPathInput(api.upstreamUrl, data, "/input") : checked.errors;
      if (errors.length > 0) throw invalidRunInput(api, errors);
      return buildUpstreamRequest(api, data, ctx.cipher);
    },
    digestRequest: () => ctx.cipher.hmac(canonicalJson([api.serviceKey, data])),
  };
}

/**
 * Answers a signature that was sent before. A caller who also sends the retry id of the first request gets
 * the stored answer. If the money arrived only after the first request, the run is made now. Every other
 * caller gets `duplicate_request` with the payment's outcome.
 */
async function answerRepeatedPayment(
  ctx: Context,
  call: DirectCall,
  payment: PresentedPayment,
  earlier: IncomingRow,
): Promise<DirectRun> {
  const { requestDigest: digest } = earlier;
  if (digest === null || Buffer.compare(digest, call.digestRequest()) !== 0)
    throw new AppError("duplicate_request", {
      message: "This payment was used for a different request.",
    });
  const paidTxHash = await awaitArrival(ctx, earlier);
  const receipt = paidTxHash === undefined ? {} : call.network.seller.receipt(payment, paidTxHash);
  const retryId = retryIdDigest(ctx, payment);
  // A settled payment is public on the chain, all but its retry id. So only the retry id proves that the
  // buyer is asking.
  if (
    retryId !== undefined &&
    earlier.retryIdDigest !== null &&
    Buffer.compare(retryId, earlier.retryIdDigest) === 0
  ) {
    const upstreamPayment = await findPayment(ctx.db, await findUpstreamPaymentId(ctx.db, earlier.id));
    if (paidTxHash !== undefined && upstreamPayment.status === "reserved") {
      const request = await call.buildRequest();
      const onAnswer = enterService(ctx, call.api.serviceKey);
      try {
        const offer = await askSameOffer(ctx, call.api, request, upstreamPayment);
        const paymentId = upstreamPayment.id;
        if (offer !== undefined)
          return await payUpstream(ctx, request, earlier, { paymentId, offer, receipt, onAnswer });
      } finally {
        onAnswer();
      }
    }
    const stored = readStoredBody(upstreamPayment, ctx.cipher);
    if (stored !== undefined) return { answer: stored, headers: receipt, replayed: true };
  }
  throw new AppError("duplicate_request", {
    message: "This payment was used already, or is in use by another request.",
    details: { direct_payment: await directPaymentOutcome(ctx, earlier.id) },
    headers: receipt,
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** Asks the upstream for a new quote. Returns its offer if the amount is still the reserved one. */
async function askSameOffer(
  ctx: Context,
  api: ApiRow,
  request: UpstreamRequest,
  reserved: PaymentRow,
): Promise<Offer | undefined> {
  const quote = await askQuote(ctx, api, request, undefined);
  return quote.kind === "toll" && quote.offer.amountMicros === reserved.amountMicros
    ? quote.offer
    : undefined;
}

const retryIdDigest = ({ cipher }: Context, payment: PresentedPayment | undefined): Buffer | undefined =>
  payment?.retryId === undefined ? undefined : cipher.hmac(payment.retryId);

/** The answer while the chain hasn't shown yet whether the buyer's payment arrived. */
const arrivalUnknown = (): AppError =>
  new AppError("service_unavailable", {
    message:
      "It isn't known yet whether the payment arrived. Send the same payment again; don't sign a new one. If it carries a payment id, it is used once it arrives. Without an id, it is refunded.",
    retryAfterSeconds: RETRY_SECONDS,
  });
