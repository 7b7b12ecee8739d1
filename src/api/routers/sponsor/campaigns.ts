import {
  CampaignPreviewOutput,
  previewCampaign,
  PreviewCampaignInput,
} from "../../../core/account/campaign-preview/index.ts";
import {
  archiveCampaign,
  ArchiveCampaignInput,
  CampaignDashboard,
  CampaignView,
  changeCampaign,
  ChangeCampaignInput,
  copyCampaign,
  CopyCampaignInput,
  countReach,
  CountReachInput,
  CountReachOutput,
  createCampaign,
  CreateCampaignInput,
  getCampaign,
  GetCampaignInput,
  listCampaigns,
  ListCampaignsInput,
  ListCampaignsOutput,
  nextAfterCampaign,
  NewVerdictSecretOutput,
  rotateVerdictSecret,
  RotateVerdictSecretInput,
} from "../../../core/sponsorship/campaign/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { withQuiet } from "../../response/quiet-preview.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";

const DAYLIGHT_SURVEY = {
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
};

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
        request: DAYLIGHT_SURVEY,
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
      errors: ["not_found", "inactive"],
      example: { request: { campaign_id: CAMPAIGN_ID, active: false } },
    })
    .input(ChangeCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) => {
      const campaign = await changeCampaign({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),

  archiveCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/sponsor/campaigns/{campaign_id}",
        summary: "Archive a campaign",
        description:
          "It pays for no new calls and is never active again. Open payments are settled as usual, answers and figures stay, and its budget can be withdrawn.",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(ArchiveCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) => {
      const campaign = await archiveCampaign({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),

  rotateVerdictSecret: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/{campaign_id}/rotate-verdict-secret",
        summary: "Make or replace the secret of a holdback webhook",
        description:
          "From then on the requests that ask for a verdict are signed as Standard Webhooks. Where there was a secret, both sign until the overlap ends. The new one is shown once.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { campaign_id: CAMPAIGN_ID, overlap_seconds: 3_600 } },
    })
    .input(RotateVerdictSecretInput)
    .output(success(NewVerdictSecretOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateVerdictSecret({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  copyCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/{campaign_id}/copy",
        summary: "Copy a campaign",
        description:
          "The copy has its offer and its task, and neither its money nor its answers. It starts paused.",
      },
      errors: ["not_found", "idempotency_conflict"],
      idempotencyKey: true,
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(CopyCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { campaign, replayed } = await copyCampaign(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, campaign, nextAfterCampaign(campaign));
    }),

  previewCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/preview",
        summary: "See a campaign before it is created",
        description:
          "What agents get of it, with your words and without them, what people see, and what it can cost. Stores nothing, and holds nobody's data.",
      },
      errors: [],
      example: { request: DAYLIGHT_SURVEY },
    })
    .input(PreviewCampaignInput)
    .output(success(CampaignPreviewOutput))
    .mutation(async ({ ctx, input }) => {
      const preview = await previewCampaign({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, withQuiet(preview), [nextForSponsor.createCampaign(input.service_keys)]);
    }),

  countReach: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns/reach",
        summary: "Count whom a campaign could reach",
        description: "The users of a target group, rounded so that nobody can be picked out.",
      },
      errors: [],
      example: { request: { target_roles: ["developer"] } },
    })
    .input(CountReachInput)
    .output(success(CountReachOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await countReach({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.createCampaign([]),
      ]),
    ),
};
