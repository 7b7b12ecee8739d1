import {
  getTrial,
  GetTrialInput,
  listPayersOfTrial,
  ListTrialPayersInput,
  ListTrialPayersOutput,
  tryService,
  TryServiceInput,
  TryServiceOutput,
} from "../../../../core/runs/trial-run/index.ts";
import {
  listDocumentOperations,
  ListOperationsInput,
  ListOperationsOutput,
  readDocumentOperation,
  ReadOperationInput,
  ReadOperationOutput,
} from "../../../../core/sponsorship/api-description/index.ts";
import { ApiHealthOutput } from "../../../../core/sponsorship/dashboard/index.ts";
import { previewSearch, PreviewSearchInput } from "../../../../core/discovery/search/index.ts";
import {
  ApiDashboard,
  ApiView,
  archiveApi,
  ArchiveApiInput,
  changeApi,
  ChangeApiInput,
  getApi,
  GetApiInput,
  getHealth,
  inspectUpstream,
  InspectUpstreamInput,
  InspectUpstreamOutput,
  listApis,
  ListApisInput,
  ListApisOutput,
  registerApi,
  RegisterApiInput,
} from "../../../../core/sponsorship/sponsored-api/index.ts";
import { memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";
import { QuietPreviewSearchOutput, withQuietResults } from "../../../response/quiet-preview.ts";

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
    .output(success(QuietPreviewSearchOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, withQuietResults(await previewSearch({ ...ctx.deps, actor: ctx.actor }, input))),
    ),

  health: memberProcedure
    .input(GetApiInput)
    .output(success(ApiHealthOutput))
    .query(async ({ ctx, input }) => ok(ctx, await getHealth({ ...ctx.deps, actor: ctx.actor }, input))),

  inspect: memberProcedure
    .input(InspectUpstreamInput)
    .output(success(InspectUpstreamOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await inspectUpstream({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  list_operations: memberProcedure
    .input(ListOperationsInput)
    .output(success(ListOperationsOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await listDocumentOperations({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  read_operation: memberProcedure
    .input(ReadOperationInput)
    .output(success(ReadOperationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await readDocumentOperation({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  payers: memberProcedure
    .input(ListTrialPayersInput)
    .output(success(ListTrialPayersOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listPayersOfTrial({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  try: memberProcedure
    .input(TryServiceInput)
    .output(success(TryServiceOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, (await tryService({ ...ctx.deps, actor: ctx.actor }, input)).trial),
    ),

  trial: memberProcedure
    .input(GetTrialInput)
    .output(success(TryServiceOutput))
    .query(async ({ ctx, input }) => ok(ctx, await getTrial({ ...ctx.deps, actor: ctx.actor }, input))),

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
