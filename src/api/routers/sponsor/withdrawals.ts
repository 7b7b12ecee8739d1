import {
  getWithdrawal,
  GetWithdrawalInput,
  WithdrawalView,
  withdrawFromApi,
  WithdrawFromApiInput,
  withdrawFromCampaign,
  WithdrawFromCampaignInput,
  WithdrawOutput,
} from "../../../core/sponsorship/withdrawal/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID, PAYMENT_ID } from "../examples.ts";

const DESCRIPTION =
  "The money leaves the budget at once and is sent on chain to the sponsor's wallet. Money reserved for pending payments can't be withdrawn. A budget has one withdrawal under way at a time.";

export const withdrawalProcedures = {
  withdrawFromCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/{campaign_id}/withdraw",
        summary: "Withdraw unspent money from a campaign's budget",
        description: DESCRIPTION,
      },
      errors: ["not_found", "conflict", "payments_paused", "idempotency_conflict"],
      idempotencyKey: true,
      example: { request: { campaign_id: CAMPAIGN_ID, amount_cents: 500 } },
    })
    .input(WithdrawFromCampaignInput)
    .output(success(WithdrawOutput))
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { data, replayed } = await withdrawFromCampaign(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, data, [nextForSponsor.getWithdrawal(data.withdrawal.withdrawal_id)]);
    }),

  withdrawFromApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis/{service_key}/withdraw",
        summary: "Withdraw unspent money from an API's own budget",
        description: DESCRIPTION,
      },
      errors: ["not_found", "conflict", "payments_paused", "idempotency_conflict"],
      idempotencyKey: true,
      example: { request: { service_key: "daylight", amount_cents: 500 } },
    })
    .input(WithdrawFromApiInput)
    .output(success(WithdrawOutput))
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { data, replayed } = await withdrawFromApi(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, data, [nextForSponsor.getWithdrawal(data.withdrawal.withdrawal_id)]);
    }),

  getWithdrawal: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/withdrawals/{withdrawal_id}",
        summary: "Get the state of a withdrawal",
        description:
          "A withdrawal is sent in the background. Once it is settled, the answer has its transaction.",
      },
      errors: ["not_found"],
      example: { request: { withdrawal_id: PAYMENT_ID } },
    })
    .input(GetWithdrawalInput)
    .output(success(WithdrawalView))
    .query(async ({ ctx, input }) => {
      const withdrawal = await getWithdrawal({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(
        ctx,
        withdrawal,
        withdrawal.status === "pending" ? [nextForSponsor.getWithdrawal(withdrawal.withdrawal_id)] : [],
      );
    }),
};
