import type { z } from "zod";
import { requirePermission } from "../../access/permission/index.ts";
import { requireStillLive } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import {
  findPayment,
  hasFailed,
  paidButNotDelivered,
  quoteDigest,
  readHead,
  readStoredOutput,
  reconcileSoon,
} from "../../money/payment/index.ts";
import { recordInputConsent } from "../../personal-data/consent/index.ts";
import type { VaultReference } from "../../personal-data/data-schema/index.ts";
import { validateSubmission } from "../../personal-data/data-schema/index.ts";
import { callRegions } from "../../personal-data/phone-regions/index.ts";
import { requireStored, resolveReferences } from "../../personal-data/vault/index.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { restoreNames } from "../../protocol/foreign/index.ts";
import { releaseClaim, renewClaim } from "../../protocol/idempotency/index.ts";
import { choosePayers } from "../../sponsorship/payer/index.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import {
  buildUpstreamRequest,
  checkPathInput,
  findApi,
  inactiveService,
  invalidRunInput,
  requirePayersUnpaused,
} from "../../sponsorship/sponsored-api/index.ts";
import { enterForUser } from "../in-flight/index.ts";
import { askQuote } from "../quote/index.ts";
import type { ClaimedRun } from "./claim-run.ts";
import { claimRun } from "./claim-run.ts";
import { deliverFree } from "./deliver-free.ts";
import { payAndDeliver } from "./pay-and-deliver.ts";
import type { SponsoredCall } from "./reserve-call.ts";
import { findLackingMoney, paymentSubject, requireBudget, reserveCall } from "./reserve-call.ts";
import type { Run } from "./respond.ts";
import { respond } from "./respond.ts";
import type { RunServiceInput } from "./schema.ts";

type Input = z.infer<typeof RunServiceInput>;
type Context = Deps & { actor: SessionActor };

/**
 * Runs a service at a sponsor's expense. The checks have a fixed order: idempotency, service, input, scopes,
 * consent, payer, whether its payments settle, budget, and whether the service has a slot. The upstream is called only after all of them have passed,
 * because it may answer without a payment.
 * @throws the error of the first check that fails, and the errors of `askQuote`, `reserveCall` and `payAndDeliver`
 */
export async function runService(ctx: Context, given: Input): Promise<Run> {
  const api = await findApi(ctx, given.service_key);
  // A caller who asked for quiet may send aliases of the service and of its fields.
  const input = {
    ...given,
    service_key: api?.serviceKey ?? given.service_key,
    input: restoreNames(api?.inputSchema, given.input ?? {}),
  };
  const claimed = await claimRun(ctx, {
    serviceKey: input.service_key,
    input: input.input,
    campaignId: input.campaign_id,
    maxCostCents: input.max_cost_cents,
    idempotencyKey: input.idempotency_key,
    upstreamTimeoutMs: api?.timeoutMs ?? 0,
  });
  if (claimed.kind === "replay") return replay(ctx, claimed.paymentId);
  try {
    return await makeRun(ctx, api, input, claimed);
  } catch (error) {
    // Gives the key back if the run failed before it had a payment. Otherwise the claim is bound, and this
    // does nothing. A run that succeeded has a payment.
    await releaseClaim(ctx.sql, claimed.claim).catch((failure: unknown) => logLostClaim(ctx, failure));
    throw error;
  }
}

async function makeRun(
  ctx: Context,
  api: ApiRow | undefined,
  input: Input,
  claimed: Extract<ClaimedRun, { kind: "claimed" }>,
): Promise<Run> {
  if (api === undefined) throw notFound("service");
  if (!api.active) throw inactiveService(api);
  const call: SponsoredCall = {
    service: api.serviceKey,
    campaignId: input.campaign_id,
    claim: claimed.claim,
    inputDigest: claimed.inputDigest,
    idempotencyKey: input.idempotency_key,
  };

  const checked = await checkInput(ctx, api, input.input ?? {}, input.campaign_id);
  const payers = await choosePayers(ctx, api, input.campaign_id);
  await requirePayersUnpaused(ctx, api);
  await requireBudget(ctx, call, api.expectedCostMicros);
  const leave = enterForUser(ctx, api.serviceKey);
  try {
    return await callUpstream(ctx, api, input, { call, checked, payers, onAnswer: leave });
  } finally {
    leave();
  }
}

/** A run that has passed the checks. */
interface CheckedRun {
  call: SponsoredCall;
  checked: RunInput;
  payers: Awaited<ReturnType<typeof choosePayers>>;
  /** Called once the upstream has answered the paid request, or won't be asked any more. */
  onAnswer: () => void;
}

/** Asks for the price, pays, and delivers the answer. */
async function callUpstream(
  ctx: Context,
  api: ApiRow,
  input: Input,
  { call, checked, payers, onAnswer }: CheckedRun,
): Promise<Run> {
  const [firstPayer] = payers.ready;
  // The request for a quote already carries the input to the upstream. So the consent is recorded before it, and before
  // a stored value is read. A stored value can hold data of further types.
  const recordConsent = async (campaignId: string | null, dataTypes: DataType[]): Promise<void> => {
    if (dataTypes.length === 0) return;
    const { sql, actor } = ctx;
    await recordInputConsent(sql, { actor, campaignId, serviceKey: api.serviceKey, dataTypes });
  };
  await recordConsent(firstPayer.campaign_id, checked.dataTypes);
  const filled = await fillIn(ctx, api, checked);
  if (filled !== checked) await recordConsent(firstPayer.campaign_id, filled.dataTypes);
  const request = buildUpstreamRequest(api, filled.data, ctx.cipher, filled.values);
  const maxCostMicros = input.max_cost_cents === undefined ? undefined : centsToMicros(input.max_cost_cents);
  // Large input waits for its turn to be checked. Meanwhile the claim may have lapsed, and the user may have taken back
  // everything.
  const isLive = requireStillLive(ctx, ctx.actor.sessionId);
  isLive.catch(() => undefined); // the claim's error comes first
  if (!(await renewClaim(ctx.sql, call.claim)))
    throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
  await isLive;
  const head = readHead(ctx, api.network);
  const quote = await askQuote(ctx, api, request, maxCostMicros);
  if (quote.kind === "free") {
    // No money moves, so there is no payee: the row names the treasury itself, and the amount 0.
    const { id: network, asset, treasury } = ctx.networks.default;
    const terms = { network, asset, payTo: treasury, amountMicros: 0n };
    return deliverFree(ctx, paymentSubject(ctx, call, firstPayer, terms, null), quote.answer);
  }

  const { offer } = quote;
  const payment = await reserveCall(ctx, call, payers, { offer, digest: quoteDigest(offer, request) });
  if (payment.campaignId !== firstPayer.campaign_id)
    await recordConsent(payment.campaignId, filled.dataTypes);
  return payAndDeliver(ctx, payment, { offer, head, request, onAnswer });
}

/** The claim lapses by itself later. */
const logLostClaim = ({ log }: Context, failure: unknown): void =>
  log.warn(
    { event: "claim_not_released", error: String(failure) },
    "an idempotency key could not be given back yet",
  );

/** A run's input. */
interface RunInput {
  data: Record<string, unknown>;
  /** The types of personal data in it. */
  dataTypes: DataType[];
  references: readonly VaultReference[];
  /** Whose national phone numbers were looked for. */
  regions: readonly PhoneRegion[];
  /** The user's stored values in it. They are never shown. */
  values: string[];
}

/**
 * Checks a run's input (R4.3, R4.4, R5.4): the service's schema, the session's categories, consent for the personal
 * data in the input, and that the vault holds what the input refers to. Reads no stored value.
 * @throws `validation_error`, `scope_violation`, `data_consent_required`
 */
async function checkInput(
  ctx: Context,
  api: ApiRow,
  data: Record<string, unknown>,
  campaignId: string | undefined,
): Promise<RunInput> {
  const regions = await callRegions(ctx, [api.name, api.description]);
  const submitted = { data, basePath: INPUT, regions };
  const checked = await validateSubmission(ctx, api.inputSchema, submitted);
  const errors = checked.ok ? checkPathInput(api.upstreamUrl, data, INPUT) : checked.errors;
  if (!checked.ok || errors.length > 0) throw invalidRunInput(api, errors, { campaignId });
  const { dataTypes, references } = checked;
  await requirePermission(
    ctx,
    { taskTypes: [], dataTypes, categories: api.categories },
    {
      about: { serviceKey: api.serviceKey, campaignId },
      findLackingMoney: () => findLackingMoney(ctx, api.serviceKey, api.expectedCostMicros),
    },
  );
  if (references.length > 0) await requireStored(ctx, references, INPUT);
  return { data, dataTypes, references, regions, values: [] };
}

/** JSON Pointer of the input in the request. */
const INPUT = "/input";

/**
 * The input as the upstream gets it, with the user's stored values in place of vault references.
 * @throws `validation_error` if a stored value doesn't fit, or may not be referred to any more
 */
async function fillIn(ctx: Context, api: ApiRow, input: RunInput): Promise<RunInput> {
  if (input.references.length === 0) return input;
  const submission = { ...input, sponsorId: api.sponsorId };
  const filled = await resolveReferences(ctx, api.inputSchema, submission, INPUT);
  return { ...input, ...filled };
}

/**
 * Answers from an earlier run's payment, in its current state. So a retry after a 202 gets the 200 that
 * followed, and a retry after a failure gets the same failure.
 * @throws `upstream_error`, `upstream_timeout` as the first call did
 */
async function replay(ctx: Context, paymentId: string): Promise<Run> {
  const payment = await findPayment(ctx.db, paymentId);
  const current = await reconcileSoon(ctx, payment);
  if (hasFailed(current)) throw paidButNotDelivered(current, ctx.cipher);
  return { ...(await respond(ctx, current, await readStoredOutput(ctx, current))), replayed: true };
}
