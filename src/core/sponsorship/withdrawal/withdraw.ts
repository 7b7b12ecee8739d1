import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { budgetToWire, findAccount, openTreasuryDay } from "../../money/budget/index.ts";
import {
  requireUnpaused,
  treasuryDayExhausted,
  withdrawalShareUsed,
} from "../../money/outflow-limits/index.ts";
import type { PayoutRow } from "../../money/payout/index.ts";
import { findWithdrawal, recordWithdrawal } from "../../money/payout/index.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { createOnce } from "../../protocol/idempotency/index.ts";
import { nextForSponsor } from "../../protocol/sponsor-actions.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { findWallet } from "../sponsor/index.ts";
import { refreshOffersOf } from "../offer/index.ts";
import { findApiOfSponsor } from "../sponsored-api/index.ts";
import type {
  GetWithdrawalInput,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawInput,
  WithdrawOutput,
} from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher" | "networks" | "settings"> & { actor: SponsorActor };

export interface Withdrawn {
  data: z.infer<typeof WithdrawOutput>;
  /** An earlier call with the same idempotency key made this withdrawal. */
  replayed: boolean;
}

/** Takes unspent money out of a campaign's budget. @throws `not_found`, and the errors of `withdraw` */
export async function withdrawFromCampaign(
  ctx: Context,
  input: z.infer<typeof WithdrawFromCampaignInput>,
): Promise<Withdrawn> {
  const campaign = await requireOwnCampaign(ctx.db, input.campaign_id, ctx.actor.sponsorId);
  return withdraw(ctx, campaign.budgetAccountId, input);
}

/** Takes unspent money out of an API's own budget. @throws `not_found`, and the errors of `withdraw` */
export async function withdrawFromApi(
  ctx: Context,
  input: z.infer<typeof WithdrawFromApiInput>,
): Promise<Withdrawn> {
  const api = await findApiOfSponsor(ctx.db, input.service_key, ctx.actor.sponsorId);
  if (api === undefined || api.budgetAccountId === null) throw notFound("budget");
  return withdraw(ctx, api.budgetAccountId, input);
}

/** Takes unspent money out of the budget that the input names. @throws `not_found`, and the errors of `withdraw` */
export function withdrawBudget(
  ctx: Context,
  { campaign_id, service_key, ...rest }: z.infer<typeof WithdrawInput>,
): Promise<Withdrawn> {
  if (campaign_id !== undefined && service_key === undefined)
    return withdrawFromCampaign(ctx, { campaign_id, ...rest });
  if (service_key !== undefined && campaign_id === undefined)
    return withdrawFromApi(ctx, { service_key, ...rest });
  throw invalidField("/campaign_id", "give either campaign_id or service_key", "oneOf");
}

/**
 * Takes money out of a budget at once, and records a payout that a job sends to the sponsor's
 * wallet. It is always the registered wallet, so a stolen sponsor key can't send the money anywhere else.
 * @throws `conflict` if the sponsor has no wallet, or while an earlier withdrawal of the budget is open;
 *   `validation_error` for more than is unspent; `payments_paused`; `idempotency_conflict`
 */
async function withdraw(
  ctx: Context,
  accountId: string,
  input: { amount_cents: number; idempotency_key?: string | undefined },
): Promise<Withdrawn> {
  const { db, sql, actor, networks, settings } = ctx;
  const { idempotency_key: key, ...request } = input;
  const payTo = await findWallet(db, actor.sponsorId);
  if (payTo === undefined)
    throw new AppError("conflict", { message: "This sponsor has no wallet address to pay to." });
  await requireUnpaused(db);
  const amountMicros = centsToMicros(input.amount_cents);
  const creation = { owner: actor.sponsorId, operation: "withdraw", key, request };
  // Withdrawals leave half of the daily cap to runs, and those of one sponsor half of the rest to others. The account is opened before the transaction,
  // because that may lock accounts only in the order of their ids.
  const capMicros = settings.treasuryDayMicros;
  const day =
    capMicros === undefined
      ? undefined
      : {
          accountId: (await openTreasuryDay.one(sql, { cap_micros: capMicros })).id,
          leavesMicros: capMicros / 2n,
          sponsorMicros: capMicros / 4n,
        };
  const account = await findAccount(db, accountId);
  const network = networks.get(account.network ?? networks.default.id);
  const newId = randomUUID();
  const { id, replayed } = await createOnce(ctx, creation, newId, async (tx) => {
    const result = await recordWithdrawal(tx, {
      id: newId,
      sponsorId: actor.sponsorId,
      accountId,
      day,
      network: network.id,
      asset: network.asset,
      payTo,
      amountMicros,
    });
    if (result.kind === "recorded") return;
    if (result.kind === "open") throw withdrawalOpen(result.withdrawalId);
    if (result.kind === "share_used") throw withdrawalShareUsed();
    if (result.accountIds.includes(accountId))
      throw invalidField("/amount_cents", "must be at most what is neither spent nor reserved", "maximum");
    throw new DayExhausted();
  }).catch(async (error: unknown) => {
    // The reason is read after the transaction: in one, only statements run.
    if (error instanceof DayExhausted && day !== undefined)
      throw await treasuryDayExhausted(db, day.accountId, amountMicros + day.leavesMicros);
    throw error;
  });
  await refreshOffersOf(sql, [accountId]);
  return {
    data: {
      withdrawal: await getWithdrawal(ctx, { withdrawal_id: id }),
      budget: budgetToWire(await findAccount(db, accountId)),
    },
    replayed,
  };
}

const withdrawalOpen = (id: string): AppError =>
  new AppError("conflict", {
    message: "An earlier withdrawal of this budget is under way. Withdraw again once it has arrived.",
    nextActions: [nextForSponsor.getWithdrawal(id)],
  });

/** Rolls a withdrawal back, because today's cap has too little left. */
class DayExhausted extends Error {}

/** Returns a withdrawal's state. @throws `not_found`, also for another sponsor's withdrawal */
export async function getWithdrawal(
  { db, actor }: Pick<Context, "db" | "actor">,
  input: z.infer<typeof GetWithdrawalInput>,
): Promise<z.infer<typeof WithdrawalView>> {
  const id = requireId(input.withdrawal_id, "withdrawal");
  const row = await findWithdrawal(db, id, actor.sponsorId);
  if (row === undefined) throw notFound("withdrawal");
  return toView(row);
}

const toView = (row: PayoutRow): z.infer<typeof WithdrawalView> => ({
  withdrawal_id: row.id,
  status: row.status === "settled" ? "settled" : "pending",
  amount_cents: microsToCents(row.amountMicros),
  pay_to: row.payTo,
  ...(row.txHash !== null && { tx_hash: row.txHash }),
  network: row.network,
  created_at: row.createdAt.toISOString(),
});
