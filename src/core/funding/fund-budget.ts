import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import { budgetToWire, findAccount, insertFundedAccount } from "../budget/index.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import type { Deps, SponsorActor } from "../context.ts";
import { AppError, notFound } from "../errors.ts";
import { centsToMicros } from "../money.ts";
import { findApiOfSponsor, openBudget } from "../sponsored-api/index.ts";
import type { PresentedPayment, SaleTerms } from "./ports.ts";
import { reconcileIncoming } from "./reconcile-incoming.ts";
import type { FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";
import type { IncomingRow } from "./store.ts";
import { claimNonce, findClaim } from "./store.ts";

type Context = Pick<Deps, "db" | "chain" | "log" | "seller" | "paymentClient" | "settings"> & {
  actor: SponsorActor;
  headers: IncomingHttpHeaders;
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
  const { db, chain, seller, paymentClient, actor } = ctx;
  const payment = seller.read(ctx.headers, terms);
  if (payment === "none") throw paymentRequired(ctx, terms, "Payment is required.");
  if (payment === "mismatch") throw paymentRequired(ctx, terms, "The payment isn't for what is asked here.");
  if (payment === "malformed")
    throw new AppError("validation_error", { message: "The payment header is malformed." });

  const key = {
    network: paymentClient.network,
    asset: paymentClient.asset,
    payer: payment.payer,
    nonce: payment.nonce,
  };
  const earlier = await findClaim(db, key);
  if (earlier !== undefined) return again(ctx, account, earlier);

  const invalid = await seller.verify(payment);
  if (invalid !== undefined) {
    // What made it invalid may be that it was settled a moment ago, by the same request sent twice.
    const meanwhile = await findClaim(db, key);
    if (meanwhile !== undefined) return again(ctx, account, meanwhile);
    throw paymentRequired(ctx, terms, `The payment is refused: ${invalid.reason}.`);
  }
  const claimedAtBlock = await chain.blockNumber();
  const claim = await claimNonce(db, {
    ...key,
    sponsorId: actor.sponsorId,
    budgetAccountId: "id" in account ? account.id : await account.open(),
    payTo: seller.payTo,
    amountMicros: terms.amountMicros,
    validBefore: payment.validBefore,
    claimedAtBlock,
  });
  if (claim === undefined)
    throw new AppError("duplicate_request", {
      message: "This payment is being settled.",
      retryAfterSeconds: 2,
    });
  return settle(ctx, claim, payment);
}

async function settle(ctx: Context, claim: IncomingRow, payment: PresentedPayment): Promise<Funding> {
  const settlement = await ctx.seller.settle(payment);
  if (!(await arrives(ctx, claim))) throw notYet();
  return {
    data: await budgetOf(ctx, claim.budget_account_id),
    headers: settlement.kind === "accepted" ? settlement.headers : {},
  };
}

/** The same signature, sent again: its outcome, if it was for this budget. */
async function again(ctx: Context, account: FundedAccount, earlier: IncomingRow): Promise<Funding> {
  if (!("id" in account) || earlier.budget_account_id !== account.id)
    throw new AppError("duplicate_request", { message: "This payment was used for something else." });
  if (earlier.status === "expired" || earlier.status === "canceled")
    throw new AppError("duplicate_request", { message: "This payment has expired. Sign another one." });
  if (earlier.status !== "settled" && !(await reconcileIncoming(ctx, earlier))) throw notYet();
  return { data: await budgetOf(ctx, account.id), headers: {} };
}

const LOOK_EVERY_MS = 150;

/** Waits, up to the configured time, for the money to arrive. */
async function arrives(ctx: Context, claim: IncomingRow): Promise<boolean> {
  const deadline = performance.now() + ctx.settings.confirmWaitMs;
  for (;;) {
    if (await reconcileIncoming(ctx, claim)) return true;
    if (performance.now() + LOOK_EVERY_MS > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const budgetOf = async ({ db }: Context, accountId: string): Promise<z.infer<typeof FundOutput>> => ({
  budget: budgetToWire(await findAccount(db, accountId)),
});

const paymentRequired = ({ seller }: Context, terms: SaleTerms, message: string): AppError => {
  const { headers, body } = seller.demand(terms, message);
  return new AppError("payment_required", { message, headers, paymentTerms: body });
};

const notYet = (): AppError =>
  new AppError("service_unavailable", {
    message: "It isn't known yet whether the payment arrived. Send the same one again; don't sign another.",
    retryAfterSeconds: 5,
  });
