import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { budgetToWire, findAccount } from "../../money/budget/index.ts";
import type { IncomingRow } from "../../money/incoming-payment/index.ts";
import {
  awaitArrival,
  claimNonce,
  findEarlierClaim,
  readPayment,
  settlePayment,
  takePayment,
} from "../../money/incoming-payment/index.ts";
import type { Network } from "../../ports/network.ts";
import type { RequestHeaders, SaleTerms } from "../../ports/x402-seller.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { refreshOffersOf } from "../offer/index.ts";
import { findApiOfSponsor } from "../sponsored-api/index.ts";
import { openApiBudget } from "./open-api-budget.ts";
import type { FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "log" | "settings"> & {
  actor: SponsorActor;
  headers: RequestHeaders;
};

const RETRY_SECONDS = 5;

export interface Funding {
  data: z.infer<typeof FundOutput>;
  /** The receipt, in the format of the x402 version that the sponsor used. */
  headers: Record<string, string>;
}

/**
 * The account to fund. A missing one is opened by the payment, not by a request for terms. `find` looks for it again:
 * another request with the same payment may have opened it meanwhile.
 */
type AccountToFund = { network: Network; isArchived?: boolean } & (
  { id: string } | { open: () => Promise<string>; find: () => Promise<string | null> }
);

/**
 * Adds money to a campaign's budget.
 * @returns also whether the campaign is paused, so that the money pays for nothing yet
 * @throws `not_found`, and the errors of `fund`
 */
export async function fundCampaign(
  ctx: Context,
  input: z.infer<typeof FundCampaignInput>,
): Promise<Funding & { isPaused: boolean }> {
  const { id, budgetAccount, active, archivedAt } = await requireOwnCampaign(
    ctx.db,
    input.campaign_id,
    ctx.actor.sponsorId,
  );
  const funding = await fund(
    ctx,
    { id: budgetAccount.id, network: networkOf(ctx, budgetAccount) },
    {
      amountMicros: centsToMicros(input.amount_cents),
      url: `${ctx.settings.publicBaseUrl}/sponsor/campaigns/${id}/fund`,
      description: `Budget of the campaign ${id}`,
    },
  );
  return { ...funding, isPaused: !active && archivedAt === null };
}

/** Opens an API's own budget, or adds money to it. @throws `not_found`, and the errors of `fund` */
export async function fundApi(ctx: Context, input: z.infer<typeof FundApiInput>): Promise<Funding> {
  const { db, sql, actor } = ctx;
  const api = await findApiOfSponsor(db, input.service_key, actor.sponsorId);
  if (api === undefined) throw notFound("service");
  const network = networkOf(ctx, api.budgetAccount ?? api);
  const isArchived = api.archivedAt !== null;
  const account: AccountToFund =
    api.budgetAccount === null
      ? {
          ...{ network, isArchived },
          open: () =>
            sql.transaction((tx) =>
              openApiBudget(tx, { apiId: api.id, sponsorId: actor.sponsorId }, network),
            ),
          find: async () =>
            (await findApiOfSponsor(db, input.service_key, actor.sponsorId))?.budgetAccountId ?? null,
        }
      : { id: api.budgetAccount.id, network, isArchived };
  return fund(ctx, account, {
    amountMicros: centsToMicros(input.amount_cents),
    url: `${ctx.settings.publicBaseUrl}/sponsor/apis/${input.service_key}/fund`,
    description: `Open budget of ${input.service_key}`,
  });
}

/**
 * Sells budget for its own amount (R11.2). The signature's nonce is claimed for this account before the
 * payment is settled. So of several requests with one signature, only one adds to the budget. The budget
 * grows when the chain shows that the money has arrived. The facilitator's answer doesn't count.
 * @throws `payment_required`, with the terms, if there was no payment; `validation_error` for a malformed
 *   payment; `duplicate_request` for a payment that was used for something else, was of another amount or has
 *   expired; `inactive` for the budget of an archived API;
 *   `service_unavailable` if it isn't known yet whether the payment arrived. It is never a second 402,
 *   because a client would sign again
 */
async function fund(ctx: Context, account: AccountToFund, terms: SaleTerms): Promise<Funding> {
  const { sql, actor } = ctx;
  const { network } = account;
  const payment = readPayment(network, ctx.headers);
  const earlier = payment && (await findEarlierClaim(ctx, network, payment));
  if (earlier !== undefined) return answerRepeatedPayment(ctx, account, earlier, terms);
  if (account.isArchived === true)
    throw new AppError("inactive", { message: "This service is archived, so its budget can't grow." });

  const taken = await takePayment(ctx, network, payment, terms, async (authorization) =>
    claimNonce(sql, authorization, {
      sponsorId: actor.sponsorId,
      budgetAccountId: "id" in account ? account.id : await account.open(),
    }),
  );
  if (taken.kind === "earlier") return answerRepeatedPayment(ctx, account, taken.claim, terms);
  const txHash = await settlePayment(ctx, taken, terms);
  if (txHash === undefined) throw arrivalUnknown();
  await refreshOffersOf(sql, [taken.claim.budgetAccountId]);
  return {
    data: await readFunding(ctx, taken.claim),
    headers: network.seller.receipt(taken.payment, txHash),
  };
}

/** Answers a signature that was sent before: with its outcome, if it was for this budget. */
async function answerRepeatedPayment(
  ctx: Context,
  account: AccountToFund,
  earlier: IncomingRow,
  terms: SaleTerms,
): Promise<Funding> {
  const accountId = "id" in account ? account.id : await account.find();
  if (accountId === null || earlier.budgetAccountId !== accountId)
    throw new AppError("duplicate_request", {
      message: "This payment was used for a different request.",
    });
  if (earlier.amountMicros !== terms.amountMicros)
    throw new AppError("duplicate_request", {
      message: `This payment was used before, for ${microsToCents(earlier.amountMicros)} cents. Sign a new one.`,
    });
  if (earlier.status === "expired" || earlier.status === "canceled")
    throw new AppError("duplicate_request", { message: "This payment has expired. Sign a new one." });
  if (earlier.status !== "settled" && (await awaitArrival(ctx, earlier)) === undefined)
    throw arrivalUnknown();
  return { data: await readFunding(ctx, earlier), headers: {} };
}

/** The network of a budget's money; of a budget to be opened, the one on which its API is paid. */
const networkOf = ({ networks }: Context, { network }: { network: string | null }): Network =>
  networks.get(network ?? networks.default.id);

const readFunding = async (
  { db }: Context,
  { budgetAccountId, amountMicros }: IncomingRow,
): Promise<z.infer<typeof FundOutput>> => ({
  budget: budgetToWire(await findAccount(db, budgetAccountId)),
  credited_cents: microsToCents(amountMicros),
});

/** The answer while the chain hasn't shown yet whether the payment arrived. */
const arrivalUnknown = (): AppError =>
  new AppError("service_unavailable", {
    message:
      "It isn't known yet whether the payment arrived. Send the same payment again; don't sign a new one.",
    retryAfterSeconds: RETRY_SECONDS,
  });
