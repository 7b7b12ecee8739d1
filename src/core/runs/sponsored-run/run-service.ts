import type { z } from "zod";
import { missingFrom } from "../../access/scope/index.ts";
import { refuseScope } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import type { Output, PaymentRow } from "../../money/payment/index.ts";
import {
  awaitConfirmation,
  contentTypeOf,
  decodeOutput,
  encryptOutput,
  findPayment,
  mayStillArrive,
  nextAfterPayment,
  paymentToView,
  quoteDigest,
  readStoredOutput,
  reconcileSoon,
  recordOutcome,
  refusalAfterSending,
  sendPayment,
  signPayment,
} from "../../money/payment/index.ts";
import type { PaymentSubject } from "../../money/reservation/index.ts";
import { insertFree, remainingBudgets } from "../../money/reservation/index.ts";
import { recordInputConsent, requireDataConsent } from "../../personal-data/consent/index.ts";
import { compileSchema } from "../../personal-data/data-schema/index.ts";
import { resolveReferences } from "../../personal-data/vault/index.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { releaseKey } from "../../protocol/idempotency/index.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { choosePayers } from "../../sponsorship/payer/index.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import {
  buildUpstreamRequest,
  expectedCost,
  findApi,
  invalidRunInput,
} from "../../sponsorship/sponsored-api/index.ts";
import { askQuote } from "../quote/index.ts";
import type { ClaimedRun } from "./claim-run.ts";
import { claimRun } from "./claim-run.ts";
import type { Call } from "./reserve-call.ts";
import { paymentSubject, requireBudget, reserveCall } from "./reserve-call.ts";
import type { RunServiceInput, RunServiceOutput } from "./schema.ts";

type Input = z.infer<typeof RunServiceInput>;
type Context = Deps & { actor: SessionActor };

export interface Run {
  data: RunServiceOutput;
  nextActions: NextAction[];
  /** The output isn't here yet, and the payment not decided: 202. */
  pending: boolean;
  /** Answered from an earlier run under the same idempotency key. */
  replayed: boolean;
}

/**
 * Runs a service at a sponsor's expense. The order of the checks is fixed (product.md): each one passes before
 * the next, and the upstream hears of the call only when all before it did, since it may answer it for free.
 */
export async function runService(ctx: Context, input: Input): Promise<Run> {
  const api = await findApi(ctx.db, input.service_key);
  const claimed = await claimRun(ctx, {
    serviceKey: input.service_key,
    input: input.input ?? {},
    campaignId: input.campaign_id,
    maxCostCents: input.max_cost_cents,
    idempotencyKey: input.idempotency_key,
    upstreamTimeoutMs: api?.timeoutMs ?? 0,
  });
  if (claimed.kind === "replay") return replay(ctx, claimed.paymentId);
  try {
    return await makeRun(ctx, api, input, claimed);
  } finally {
    // Does nothing once the claim is bound to a payment.
    await releaseKey(ctx.db, claimed.claim);
  }
}

async function makeRun(
  ctx: Context,
  api: ApiRow | undefined,
  input: Input,
  claimed: Extract<ClaimedRun, { kind: "claimed" }>,
): Promise<Run> {
  if (api === undefined) throw notFound("service");
  if (!api.active)
    throw new AppError("inactive", {
      message: "This service is paused.",
      nextActions: [next.searchServices()],
    });
  const call: Call = {
    service: api.serviceKey,
    campaignId: input.campaign_id,
    claimed,
    idempotencyKey: input.idempotency_key,
  };

  const { data: serviceInput, dataTypes } = await checkInput(ctx, api, input.input ?? {});
  const cost = expectedCost(api);
  const payers = await choosePayers(ctx, api, input.campaign_id, { price: api.priceMicros, cost });
  await requireBudget(ctx, call, cost);

  const [payer] = payers.ready;
  // The input leaves with the quote, so its consent is on record before.
  const recordConsent = (campaignId: string | null): Promise<void> =>
    dataTypes.length === 0
      ? Promise.resolve()
      : recordInputConsent(ctx.db, { actor: ctx.actor, campaignId, serviceKey: api.serviceKey, dataTypes });
  await recordConsent(payer.campaign_id);
  const request = buildUpstreamRequest(api, serviceInput, ctx.cipher);
  const maxCost = input.max_cost_cents === undefined ? undefined : centsToMicros(input.max_cost_cents);
  const quote = await askQuote(ctx, api, request, maxCost);
  if (quote.kind === "free") {
    const { network, asset, payer: payTo } = ctx.paymentClient;
    const terms = { network, asset, payTo, amountMicros: 0n };
    return deliverFree(ctx, paymentSubject(ctx, call, payer, terms, null), quote.answer);
  }

  const { offer } = quote;
  const payment = await reserveCall(ctx, call, payers, { offer, digest: quoteDigest(offer, request) });
  if (payment.campaignId !== payer.campaign_id) await recordConsent(payment.campaignId);
  const paidRequest = await signPayment(ctx, { id: payment.id, permit: ctx.actor }, offer, request);
  const answer = await sendPayment(ctx, payment.id, paidRequest, false);

  // Not sent, or it never got there: the reconciler sends the same request again.
  if (answer === undefined || answer.kind === "unreachable")
    return respond(ctx, await findPayment(ctx.db, payment.id), {});
  if (answer.kind !== "answer" || answer.status < 200 || answer.status > 299)
    throw refusalAfterSending(answer, payment.id);
  const settled = await awaitConfirmation(ctx, payment.id);
  return respond(ctx, settled, decodeOutput(contentTypeOf(answer), answer.body));
}

/**
 * R4.3, R4.4, R5.4: the input's schema, the service's categories, and the personal data in the input. Returns the
 * input as the upstream gets it, with what the user has stored in place of references to it.
 */
async function checkInput(
  ctx: Context,
  api: ApiRow,
  input: Record<string, unknown>,
): Promise<{ data: Record<string, unknown>; dataTypes: DataType[] }> {
  const schema = compileSchema(api.inputSchema);
  const checked = schema.validateSubmission(input, "/input");
  if (!checked.ok) throw invalidRunInput(api, checked.errors);
  const outOfScope = missingFrom(api.categories, ctx.actor.scopes.categories);
  if (outOfScope.length > 0) await refuseScope(ctx, "categories", outOfScope);
  await requireDataConsent(ctx, checked.dataTypes, { serviceKey: api.serviceKey });
  const { references } = checked;
  if (references.length === 0) return { data: input, dataTypes: checked.dataTypes };
  return resolveReferences(ctx, schema, { data: input, references }, "/input");
}

async function deliverFree(ctx: Context, payment: PaymentSubject, answer: UpstreamAnswer): Promise<Run> {
  await insertFree(ctx.db, payment);
  await recordOutcome(ctx.db, payment.id, {
    upstreamStatus: answer.status,
    responseTimeMs: Math.round(answer.elapsedMs),
    output: encryptOutput(payment.id, answer, ctx.cipher, ctx.settings.keepOutput),
    evidence: { upstream_status: answer.status },
  });
  return respond(
    ctx,
    await findPayment(ctx.db, payment.id),
    decodeOutput(contentTypeOf(answer), answer.body),
  );
}

/** The payment's current state, so that a 202 becomes the 200 it led to. */
async function replay(ctx: Context, paymentId: string): Promise<Run> {
  const payment = await findPayment(ctx.db, paymentId);
  const current = await reconcileSoon(ctx, payment);
  return { ...(await respond(ctx, current, readStoredOutput(current, ctx.cipher))), replayed: true };
}

async function respond(ctx: Context, payment: PaymentRow, output: Output): Promise<Run> {
  const [remaining = 0n] = await remainingBudgets(ctx.db, [
    ctx.actor.budgetAccountId,
    ctx.actor.grantBudgetAccountId,
  ]);
  const view = paymentToView(payment);
  const pending = output.output === undefined && mayStillArrive(payment);
  return {
    data: {
      service: payment.service,
      ...output,
      payment: view,
      execution_metadata: {
        response_time_ms: payment.response_time_ms,
        upstream_status: payment.upstream_status,
        cost_cents: view.amount_cents,
        budget_remaining_cents: microsToCents(remaining),
      },
    },
    nextActions: nextAfterPayment(view, pending),
    pending,
    replayed: false,
  };
}
