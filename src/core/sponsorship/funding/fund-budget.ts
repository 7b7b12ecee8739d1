import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { budgetToWire, findAccount, insertFundedAccount } from "../../money/budget/index.ts";
import type { IncomingRow } from "../../money/incoming-payment/index.ts";
import {
  claimNonce,
  earlierClaim,
  presentedPayment,
  reconcileIncoming,
  settlePayment,
  takePayment,
} from "../../money/incoming-payment/index.ts";
import type { RequestHeaders, SaleTerms } from "../../ports/x402-seller.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { findApiOfSponsor, openBudget } from "../sponsored-api/index.ts";
import type { FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller" | "paymentClient" | "settings"> & {
  actor: SponsorActor;
  headers: RequestHeaders;
};

export interface Funding {
  data: z.infer<typeof FundOutput>;
  /** The receipt, in the words of the version that was paid with. */
  headers: Record<string, string>;
}

/** The account that is funded; one that isn't there yet is opened by a payment, and not by asking for terms. */
type FundedAccount = { id: string } | { open: () => Promise<string> };

/** Adds to a campaign's budget. @throws as `fund`, and `not_found` */
export async function fundCampaign(ctx: Context, input: z.infer<typeof FundCampaignInput>): Promise<Funding> {
  const campaign = await requireOwnCampaign(ctx.db, input.campaign_id, ctx.actor.sponsorId);
  return fund(
    ctx,
    { id: campaign.budgetAccountId },
    {
      amountMicros: centsToMicros(input.amount_cents),
      url: `${ctx.settings.publicBaseUrl}/sponsor/campaigns/${campaign.id}/fund`,
      description: `Budget of the campaign ${campaign.id}`,
    },
  );
}

/** Opens an API's own budget, or adds to it. @throws as `fund`, and `not_found` */
export async function fundApi(ctx: Context, input: z.infer<typeof FundApiInput>): Promise<Funding> {
  const { db, actor } = ctx;
  const api = await findApiOfSponsor(db, input.service_key, actor.sponsorId);
  if (api === undefined) throw notFound("service");
  const open = (): Promise<string> =>
    db.$transaction(async (tx) => openBudget(tx, api.id, await insertFundedAccount(tx, "sponsored_api")));
  return fund(ctx, api.budgetAccountId === null ? { open } : { id: api.budgetAccountId }, {
    amountMicros: centsToMicros(input.amount_cents),
    url: `${ctx.settings.publicBaseUrl}/sponsor/apis/${input.service_key}/fund`,
    description: `Open budget of ${input.service_key}`,
  });
}

/**
 * Sells budget for its own amount (R11.2). The signature's nonce is claimed for this account before anything is
 * settled, so that of many requests with one signature one is credited; the budget grows when the chain says that the
 * money has arrived, whatever the facilitator said.
 * @throws `payment_required` with the terms where nothing was paid, `validation_error` for a payment that is none,
 *   `duplicate_request` for one that was used for something else or is under way, `service_unavailable` where it isn't
 *   known yet whether it arrived: never a second 402, for which a client would sign again
 */
async function fund(ctx: Context, account: FundedAccount, terms: SaleTerms): Promise<Funding> {
  const { db, actor } = ctx;
  const payment = presentedPayment(ctx, ctx.headers);
  const earlier = payment && (await earlierClaim(ctx, payment));
  if (earlier !== undefined) return again(ctx, account, earlier);

  const taken = await takePayment(ctx, payment, terms, async (claimable) =>
    claimNonce(db, claimable, {
      sponsorId: actor.sponsorId,
      budgetAccountId: "id" in account ? account.id : await account.open(),
    }),
  );
  if (taken.kind === "earlier") return again(ctx, account, taken.claim);
  const txHash = await settlePayment(ctx, taken, terms);
  if (txHash === undefined) throw notYet();
  return {
    data: await budgetOf(ctx, taken.claim.budget_account_id),
    headers: ctx.seller.receipt(taken.payment, txHash),
  };
}

/** The same signature, sent again: its outcome, if it was for this budget. */
async function again(ctx: Context, account: FundedAccount, earlier: IncomingRow): Promise<Funding> {
  if (!("id" in account) || earlier.budget_account_id !== account.id)
    throw new AppError("duplicate_request", { message: "This payment was used for something else." });
  if (earlier.status === "expired" || earlier.status === "canceled")
    throw new AppError("duplicate_request", { message: "This payment has expired. Sign another one." });
  if (earlier.status !== "settled" && (await reconcileIncoming(ctx, earlier)) === undefined) throw notYet();
  return { data: await budgetOf(ctx, account.id), headers: {} };
}

const budgetOf = async ({ db }: Context, accountId: string): Promise<z.infer<typeof FundOutput>> => ({
  budget: budgetToWire(await findAccount(db, accountId)),
});

const notYet = (): AppError =>
  new AppError("service_unavailable", {
    message: "It isn't known yet whether the payment arrived. Send the same one again; don't sign another.",
    retryAfterSeconds: 5,
  });
