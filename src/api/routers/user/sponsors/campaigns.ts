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
} from "../../../../core/sponsorship/campaign/index.ts";
import { memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

export const campaignProcedures = {
  list: memberProcedure
    .input(ListCampaignsInput)
    .output(success(ListCampaignsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listCampaigns({ ...ctx.deps, actor: ctx.actor }, input))),

  get: memberProcedure
    .input(GetCampaignInput)
    .output(success(CampaignDashboard))
    .query(async ({ ctx, input }) => ok(ctx, await getCampaign({ ...ctx.deps, actor: ctx.actor }, input))),

  create: memberProcedure
    .input(CreateCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, (await createCampaign({ ...ctx.deps, actor: ctx.actor }, input)).campaign),
    ),

  change: memberProcedure
    .input(ChangeCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await changeCampaign({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
