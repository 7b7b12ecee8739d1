import {
  CampaignPreviewOutput,
  previewCampaign,
  PreviewCampaignInput,
} from "../../../../core/account/campaign-preview/index.ts";
import {
  archiveCampaign,
  ArchiveCampaignInput,
  CampaignDashboard,
  CampaignView,
  changeCampaign,
  ChangeCampaignInput,
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
  NewVerdictSecretOutput,
  rotateVerdictSecret,
  RotateVerdictSecretInput,
} from "../../../../core/sponsorship/campaign/index.ts";
import { memberLimitedBy, memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";
import { withQuiet } from "../../../response/quiet-preview.ts";

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

  archive: memberProcedure
    .input(ArchiveCampaignInput)
    .output(success(CampaignView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await archiveCampaign({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  rotate_verdict_secret: memberLimitedBy("webhookChanged")
    .input(RotateVerdictSecretInput)
    .output(success(NewVerdictSecretOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateVerdictSecret({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  /** A mutation by its transport only: a draft is too large for an address. */
  preview: memberProcedure
    .input(PreviewCampaignInput)
    .output(success(CampaignPreviewOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, withQuiet(await previewCampaign({ ...ctx.deps, actor: ctx.actor }, input))),
    ),

  reach: memberProcedure
    .input(CountReachInput)
    .output(success(CountReachOutput))
    .query(async ({ ctx, input }) => ok(ctx, await countReach({ ...ctx.deps, actor: ctx.actor }, input))),
};
