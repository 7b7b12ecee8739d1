import {
  CampaignDashboard,
  CampaignView,
  changeCampaign,
  ChangeCampaignInput,
  createCampaign,
  CreateCampaignInput,
  getCampaign,
  GetCampaignInput,
  listCampaigns,
  ListCampaignsInput,
  ListCampaignsOutput,
  nextAfterCampaign,
} from "../../../core/sponsorship/campaign/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";

export const campaignProcedures = {
  createCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns",
        summary: "Create a campaign",
        description: "An offer to pay for services in exchange for a task. Its budget starts empty.",
      },
      errors: ["idempotency_conflict"],
      idempotencyKey: true,
      example: {
        request: {
          name: "Daylight survey",
          service_keys: ["daylight"],
          required_task: "Two questions on daylight",
          task_type: "survey",
          task_description: "Tell us where you live and how content you are.",
          task_schema: {
            type: "object",
            properties: {
              region: { type: "string", "x-data-type": "region" },
              satisfaction: { type: "integer", minimum: 1, maximum: 5 },
            },
            required: ["region", "satisfaction"],
            additionalProperties: false,
          },
          subsidy_per_call_cents: 2,
        },
      },
    })
    .input(CreateCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { campaign, replayed } = await createCampaign(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),

  listCampaigns: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns",
        summary: "List your campaigns",
        description: "Newest first.",
      },
    })
    .input(ListCampaignsInput)
    .output(success(ListCampaignsOutput))
    .query(async ({ ctx, input }) => {
      const list = await listCampaigns({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, list, list.total_count === 0 ? [nextForSponsor.createCampaign([])] : []);
    }),

  getCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns/{campaign_id}",
        summary: "Get a campaign with its figures",
        description:
          "What it spent and what it got: in total since its creation, and for each UTC day of a period.",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID, from: "2026-11-01", to: "2026-11-30" } },
    })
    .input(GetCampaignInput)
    .output(success(CampaignDashboard))
    .query(async ({ ctx, input }) => {
      const campaign = await getCampaign({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),

  changeCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/sponsor/campaigns/{campaign_id}",
        summary: "Change or pause a campaign",
        description:
          "A paused campaign pays for no new calls. Answers, figures and budget stay. What you leave out stays as it is.",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID, active: false } },
    })
    .input(ChangeCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) => {
      const campaign = await changeCampaign({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),
};
