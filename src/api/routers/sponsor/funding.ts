import {
  fundApi,
  FundApiInput,
  fundCampaign,
  FundCampaignInput,
  FundOutput,
} from "../../../core/sponsorship/funding/index.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";
import { PAYMENT_REQUIRED_TEXT } from "../payment-required-text.ts";

const EXAMPLE_RESPONSE = {
  budget: { limit_cents: 1_000, spent_cents: 0, reserved_cents: 0, remaining_cents: 1_000 },
  credited_cents: 1_000,
};
const DESCRIPTION = `${PAYMENT_REQUIRED_TEXT} With one, the budget grows once the chain confirms it. The same payment is never taken twice.`;

export const fundingProcedures = {
  fundCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/{campaign_id}/fund",
        summary: "Pay for a campaign's budget",
        description: DESCRIPTION,
      },
      errors: ["not_found", "payment_required", "duplicate_request"],
      example: { request: { campaign_id: CAMPAIGN_ID, amount_cents: 1_000 }, response: EXAMPLE_RESPONSE },
    })
    .input(FundCampaignInput)
    .output(success(FundOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, headers, isPaused } = await fundCampaign(
        { ...ctx.deps, actor: ctx.actor, headers: ctx.headers },
        input,
      );
      Object.assign(ctx.reply.headers, headers);
      return ok(ctx, data, [
        ...(isPaused ? [nextForSponsor.resumeCampaign(input.campaign_id)] : []),
        nextForSponsor.getCampaign(input.campaign_id),
        nextForSponsor.listAnswers(input.campaign_id),
      ]);
    }),

  fundApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis/{service_key}/fund",
        summary: "Pay for an API's own open budget",
        description: `It needs no task, so every agent in reach can use it. ${DESCRIPTION}`,
      },
      errors: ["not_found", "inactive", "payment_required", "duplicate_request"],
      example: { request: { service_key: "daylight", amount_cents: 1_000 }, response: EXAMPLE_RESPONSE },
    })
    .input(FundApiInput)
    .output(success(FundOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, headers } = await fundApi({ ...ctx.deps, actor: ctx.actor, headers: ctx.headers }, input);
      Object.assign(ctx.reply.headers, headers);
      return ok(ctx, data, [nextForSponsor.getApi(input.service_key)]);
    }),
};
