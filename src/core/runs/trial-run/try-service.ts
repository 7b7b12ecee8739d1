import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { lockAccounts, openTreasuryDay } from "../../money/budget/index.ts";
import { requireUnpaused, sponsorShareHeld, treasuryDayExhausted } from "../../money/outflow-limits/index.ts";
import {
  awaitConfirmation,
  encryptOutput,
  isSuccess,
  quoteDigest,
  recordOutcome,
  sendPayment,
  signPayment,
} from "../../money/payment/index.ts";
import type { TrialPayment } from "../../money/reservation/index.ts";
import { insertFreeTrial, MOST_TRIALS, reserveTrial } from "../../money/reservation/index.ts";
import { validateData } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import type { UpstreamAnswer, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { createOnce, findCreated } from "../../protocol/idempotency/index.ts";
import { nextForSponsor } from "../../protocol/sponsor-actions.ts";
import { requireOpen } from "../../sponsorship/sponsor/index.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import {
  buildUpstreamRequest,
  checkPathInput,
  findApiOfSponsor,
  inactiveService,
} from "../../sponsorship/sponsored-api/index.ts";
import { enterService } from "../in-flight/index.ts";
import { askQuote } from "../quote/index.ts";
import type { TrialPayer } from "./payers-store.ts";
import { listTrialPayers } from "./payers-store.ts";
import type {
  ListTrialPayersInput,
  ListTrialPayersOutput,
  TryServiceInput,
  TryServiceOutput,
} from "./schema.ts";
import { showTrial } from "./show-trial.ts";

type Context = Deps & { actor: SponsorActor };

/** When a sponsor may try again. Most payments are decided within seconds. */
const RETRY_SECONDS = 10;

/**
 * Tries a sponsor's own service with one real payment, from the sponsor's own money (docs/decisions/trial-call.md). The checks
 * have the order of a run's: idempotency, service, input, payer, quote, reservation. It is made for no user: it counts neither
 * for nor against the service, and needs no task.
 * @returns the payment with the upstream's answer, or why there is none, and whether an earlier call with the same key made it
 * @throws `not_found`, also for another sponsor's service and an organisation that was closed; `inactive`, `validation_error`, `sponsor_budget_exhausted`,
 *   `rate_limited`, `payments_paused`, `idempotency_conflict`, and the errors of `askQuote`. Nothing is reserved then
 */
export async function tryService(
  ctx: Context,
  { idempotency_key: key, ...input }: z.infer<typeof TryServiceInput>,
): Promise<{ trial: z.infer<typeof TryServiceOutput>; replayed: boolean }> {
  const creation = { owner: ctx.actor.sponsorId, operation: "try_api", key, request: input };
  const earlier = await findCreated(ctx, creation);
  if (earlier !== undefined) return { trial: await showTrial(ctx, earlier), replayed: true };

  const api = await requireOwnService(ctx, input.service_key);
  const data = input.input ?? (api.sampleInput as Record<string, unknown>);
  const request = await buildTrialRequest(ctx, api, data);
  const payers = await choosePayers(ctx, api, input.campaign_id);
  await requireUnpaused(ctx.db);
  const leave = enterService(ctx, api.serviceKey);
  try {
    const quote = await askQuote(ctx, api, request, undefined);
    const id = randomUUID();
    const digest = ctx.cipher.hmac(canonicalJson([api.serviceKey, data]));
    const subject = { id, service: api.serviceKey, sponsorId: ctx.actor.sponsorId, inputDigest: digest };
    if (quote.kind === "free") {
      const { id: network, asset, treasury } = ctx.networks.default;
      const terms = {
        network,
        asset,
        payTo: treasury,
        amountMicros: 0n,
        quoteDigest: null,
        campaignId: null,
      };
      const created = await createOnce(ctx, creation, id, async (tx) => {
        await requireOpen(tx, ctx.actor.sponsorId);
        await insertFreeTrial(tx, { ...subject, ...terms });
      });
      if (!created.replayed) await recordFreeAnswer(ctx, id, quote.answer);
      return { trial: await showTrial(ctx, created.id), replayed: created.replayed };
    }
    const { offer } = quote;
    const terms = { ...offerTerms(offer), quoteDigest: quoteDigest(offer, request) };
    // Outside of the transaction, which locks accounts in the order of their ids.
    const cap = ctx.settings.treasuryDayMicros;
    const day = cap === undefined ? undefined : (await openTreasuryDay.one(ctx.sql, { cap_micros: cap })).id;
    const created = await createOnce(ctx, creation, id, async (tx) => {
      await requireOpen(tx, ctx.actor.sponsorId);
      await reserveFromFirst(ctx, tx, { ...subject, ...terms }, { payers, day });
    });
    if (!created.replayed) await pay(ctx, id, offer, request, leave);
    return { trial: await showTrial(ctx, created.id), replayed: created.replayed };
  } finally {
    leave();
  }
}

/** Lists whose money could pay for a trial. @throws `not_found`, also for another sponsor's service */
export async function listPayersOfTrial(
  ctx: Pick<Deps, "db" | "sql"> & { actor: SponsorActor },
  input: z.infer<typeof ListTrialPayersInput>,
): Promise<z.infer<typeof ListTrialPayersOutput>> {
  const api = await findApiOfSponsor(ctx.db, input.service_key, ctx.actor.sponsorId);
  if (api === undefined) throw notFound("service");
  const payers = await listTrialPayers.all(ctx.sql, { sponsor_id: ctx.actor.sponsorId, service_id: api.id });
  return {
    payers: payers.map(({ campaign_id, name, remaining }) => ({
      ...{ campaign_id, name, remaining_cents: microsToCents(remaining) },
    })),
  };
}

async function requireOwnService({ db, actor }: Context, serviceKey: string): Promise<ApiRow> {
  const api = await findApiOfSponsor(db, serviceKey, actor.sponsorId);
  if (api === undefined) throw notFound("service");
  if (!api.active) throw withoutActions(inactiveService(api));
  return api;
}

/** The service's own errors suggest calls of agents. */
function withoutActions(error: AppError): AppError {
  error.nextActions = [];
  return error;
}

async function buildTrialRequest(
  ctx: Context,
  api: ApiRow,
  data: Record<string, unknown>,
): Promise<UpstreamRequest> {
  const regions = campaignRegions(ctx, [api.name, api.description]);
  const checked = await validateData(ctx, api.inputSchema, { data, basePath: "/input", regions });
  const errors = checked.ok ? checkPathInput(api.upstreamUrl, data, "/input") : checked.errors;
  if (errors.length > 0)
    throw new AppError("validation_error", {
      message: "The input doesn't match the service's schema.",
      fieldErrors: errors,
    });
  return buildUpstreamRequest(api, data, ctx.cipher);
}

/** @throws `not_found` if the named campaign isn't one that the sponsor has for this service; `sponsor_budget_exhausted` */
async function choosePayers(
  ctx: Context,
  api: ApiRow,
  campaignId: string | undefined,
): Promise<TrialPayer[]> {
  const all = await listTrialPayers.all(ctx.sql, { sponsor_id: ctx.actor.sponsorId, service_id: api.id });
  const named = campaignId === undefined ? all : all.filter((payer) => payer.campaign_id === campaignId);
  if (named.length === 0 && campaignId !== undefined) throw notFound("campaign");
  // What costs nothing needs no money.
  const enough = named.filter(({ remaining }) => remaining > 0n && remaining >= api.expectedCostMicros);
  if (api.payTo !== null && enough.length === 0) throw outOfMoney(api);
  return enough;
}

const outOfMoney = (api: Pick<ApiRow, "serviceKey">): AppError =>
  new AppError("sponsor_budget_exhausted", {
    message:
      "A trial is paid from your own money, and neither this service nor a campaign for it has enough.",
    nextActions: [nextForSponsor.fundApi(api.serviceKey)],
  });

const offerTerms = ({ network, asset, payTo, amountMicros }: Offer) => ({
  ...{ network, asset, payTo, amountMicros },
});

/** Reserves with the first payer that has enough. Throws in the transaction, so nothing stays if none has. */
async function reserveFromFirst(
  ctx: Context,
  tx: Parameters<typeof reserveTrial>[0],
  trial: Omit<TrialPayment, "campaignId">,
  { payers, day }: { payers: TrialPayer[]; day: string | undefined },
): Promise<void> {
  const amount = trial.amountMicros;
  const accountIds = [...payers.map(({ account_id }) => account_id), ...(day === undefined ? [] : [day])];
  await lockAccounts.all(tx, { ids: accountIds });
  for (const payer of payers) {
    const holds = [payer.account_id, ...(day === undefined ? [] : [day])].map((accountId) => ({
      accountId,
      amount,
    }));
    const reserved = await reserveTrial(tx, { ...trial, campaignId: payer.campaign_id }, holds);
    if (reserved.kind === "reserved") return;
    if (reserved.kind === "share_held") throw reserved.by === "trials" ? tooManyTrials() : sponsorShareHeld();
    if (day !== undefined && reserved.accountIds.includes(day))
      throw await treasuryDayExhausted(ctx.db, day, amount);
  }
  throw outOfMoney({ serviceKey: trial.service });
}

const tooManyTrials = (): AppError =>
  new AppError("rate_limited", {
    message: `${MOST_TRIALS} trials of this service are still undecided. Nothing was charged. Wait until one is decided.`,
    retryAfterSeconds: RETRY_SECONDS,
  });

/** Signs, sends, and waits for the chain. What the upstream answers is read from the payment afterwards. */
async function pay(
  ctx: Context,
  id: string,
  offer: Offer,
  request: UpstreamRequest,
  onAnswer: () => void,
): Promise<void> {
  const signed = await signPayment(ctx, { id, permit: "trial" }, offer, request);
  await sendPayment(ctx, { id, network: offer.network }, signed, onAnswer);
  await awaitConfirmation(ctx, id);
}

async function recordFreeAnswer(ctx: Context, id: string, answer: UpstreamAnswer): Promise<void> {
  await recordOutcome(ctx.sql, id, {
    upstreamStatus: answer.status,
    responseTimeMs: Math.round(answer.elapsedMs),
    ...(isSuccess(answer) && { output: encryptOutput(id, answer, ctx.cipher, ctx.settings.keepOutput) }),
    evidence: { upstream_status: answer.status },
  });
}
