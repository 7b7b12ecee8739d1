import {
  fundApi,
  FundApiInput,
  fundCampaign,
  FundCampaignInput,
  FundOutput,
} from "../../../core/sponsorship/funding/index.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";

const FUNDED = { budget: { limit_cents: 1_000, spent_cents: 0, reserved_cents: 0, remaining_cents: 1_000 } };
const HOW =
  "Without a payment it answers 402 with the terms: x402 v2's in the PAYMENT-REQUIRED header, v1's in the body. Paid, the budget grows by exactly that once the chain says so. The same payment sent again is never taken twice.";

export const fundingProcedures = {
  fundCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/{campaign_id}/fund",
        summary: "Pay for a campaign's budget",
        description: HOW,
      },
      errors: ["not_found", "payment_required", "duplicate_request"],
      example: { request: { campaign_id: CAMPAIGN_ID, amount_cents: 1_000 }, response: FUNDED },
    })
    .input(FundCampaignInput)
    .output(success(FundOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, headers } = await fundCampaign(
        { ...ctx.deps, actor: ctx.actor, headers: ctx.headers },
        input,
      );
      Object.assign(ctx.reply.headers, headers);
      return ok(ctx, data);
    }),

  fundApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis/{service_key}/fund",
        summary: "Pay for an API's own open budget",
        description: `It needs no task, so every agent in reach can use it. ${HOW}`,
      },
      errors: ["not_found", "payment_required", "duplicate_request"],
      example: { request: { service_key: "daylight", amount_cents: 1_000 }, response: FUNDED },
    })
    .input(FundApiInput)
    .output(success(FundOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, headers } = await fundApi({ ...ctx.deps, actor: ctx.actor, headers: ctx.headers }, input);
      Object.assign(ctx.reply.headers, headers);
      return ok(ctx, data);
    }),
};
