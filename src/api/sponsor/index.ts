import {
  CampaignView,
  ChangeCampaignInput,
  changeCampaign,
  CreateCampaignInput,
  createCampaign,
  GetCampaignInput,
  getCampaign,
} from "../../core/campaign/index.ts";
import {
  ApiView,
  ChangeApiInput,
  changeApi,
  GetApiInput,
  getApi,
  RegisterApiInput,
  registerApi,
} from "../../core/sponsored-api/index.ts";
import { ok, success } from "../envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";
import { router, sponsorProcedure } from "../trpc.ts";

/** What a sponsor offers: upstreams it opens, and campaigns that pay for them. */
export const sponsorRouter = router({
  registerApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis",
        summary: "Register an upstream",
        description:
          "Probes the upstream once, unpaid, and pins network, asset and payee of its payments from its 402.",
      },
      errors: ["conflict", "upstream_error"],
      example: {
        request: {
          service_key: "daylight",
          name: "Daylight",
          description: "Sunrise and sunset for a place and a day.",
          categories: ["weather"],
          upstream_url: "https://daylight.example/v1/sun",
          upstream_method: "GET",
          price_cents: 1.5,
          input_schema: {
            type: "object",
            properties: { latitude: { type: "number" }, longitude: { type: "number" } },
            required: ["latitude", "longitude"],
            additionalProperties: false,
          },
          sample_input: { latitude: 38.72, longitude: -9.14 },
        },
      },
    })
    .input(RegisterApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => ok(ctx, await registerApi({ ...ctx.deps, actor: ctx.actor }, input))),

  getApi: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis/{service_key}",
        summary: "An API with its budget and pinned terms",
      },
      errors: ["not_found"],
    })
    .input(GetApiInput)
    .output(success(ApiView))
    .query(async ({ ctx, input }) => ok(ctx, await getApi({ ...ctx.deps, actor: ctx.actor }, input))),

  changeApi: sponsorProcedure
    .meta({
      openapi: { method: "PATCH", path: "/sponsor/apis/{service_key}", summary: "Change or pause an API" },
      errors: ["not_found"],
    })
    .input(ChangeApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => ok(ctx, await changeApi({ ...ctx.deps, actor: ctx.actor }, input))),

  createCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/campaigns",
        summary: "Create a campaign",
        description: "An offer to pay for services in exchange for a task. Its budget starts empty.",
      },
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
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await createCampaign({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  getCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns/{campaign_id}",
        summary: "A campaign with its figures",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(GetCampaignInput)
    .output(success(CampaignView))
    .query(async ({ ctx, input }) => ok(ctx, await getCampaign({ ...ctx.deps, actor: ctx.actor }, input))),

  changeCampaign: sponsorProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/sponsor/campaigns/{campaign_id}",
        summary: "Change or pause a campaign",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID, active: false } },
    })
    .input(ChangeCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await changeCampaign({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
});
