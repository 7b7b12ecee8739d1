import {
  previewSearch,
  PreviewSearchInput,
  PreviewSearchOutput,
} from "../../../../core/discovery/search/index.ts";
import {
  ApiDashboard,
  ApiView,
  archiveApi,
  ArchiveApiInput,
  changeApi,
  ChangeApiInput,
  getApi,
  GetApiInput,
  listApis,
  ListApisInput,
  ListApisOutput,
  registerApi,
  RegisterApiInput,
} from "../../../../core/sponsorship/sponsored-api/index.ts";
import { memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

export const serviceProcedures = {
  list: memberProcedure
    .input(ListApisInput)
    .output(success(ListApisOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listApis({ ...ctx.deps, actor: ctx.actor }, input))),

  get: memberProcedure
    .input(GetApiInput)
    .output(success(ApiDashboard))
    .query(async ({ ctx, input }) => ok(ctx, await getApi({ ...ctx.deps, actor: ctx.actor }, input))),

  preview_search: memberProcedure
    .input(PreviewSearchInput)
    .output(success(PreviewSearchOutput))
    .query(async ({ ctx, input }) => ok(ctx, await previewSearch({ ...ctx.deps, actor: ctx.actor }, input))),

  register: memberProcedure
    .input(RegisterApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, (await registerApi({ ...ctx.deps, actor: ctx.actor }, input)).api),
    ),

  change: memberProcedure
    .input(ChangeApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => ok(ctx, await changeApi({ ...ctx.deps, actor: ctx.actor }, input))),

  archive: memberProcedure
    .input(ArchiveApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => ok(ctx, await archiveApi({ ...ctx.deps, actor: ctx.actor }, input))),
};
