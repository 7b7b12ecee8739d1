import {
  previewSearch,
  PreviewSearchInput,
  PreviewSearchOutput,
} from "../../../core/discovery/search/index.ts";
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
  nextAfterApi,
  registerApi,
  RegisterApiInput,
} from "../../../core/sponsorship/sponsored-api/index.ts";
import { ApiHealthOutput } from "../../../core/sponsorship/dashboard/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";

export const apiProcedures = {
  registerApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis",
        summary: "Register an upstream",
        description:
          "Calls the upstream once without paying. Pins the network, asset and payee of its payments to those of its 402 response.",
      },
      errors: ["conflict", "upstream_error", "idempotency_conflict"],
      idempotencyKey: true,
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
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { api, replayed } = await registerApi(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, api, nextAfterApi(api));
    }),

  listApis: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis",
        summary: "List your APIs",
        description: "Newest first.",
      },
    })
    .input(ListApisInput)
    .output(success(ListApisOutput))
    .query(async ({ ctx, input }) => {
      const list = await listApis({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, list, list.total_count === 0 ? [nextForSponsor.registerApi()] : []);
    }),

  getApi: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis/{service_key}",
        summary: "Get an API with its budget, pinned terms and figures",
        description:
          "The figures count all calls of all payers: in total since registration, and for each UTC day of a period.",
      },
      errors: ["not_found"],
      example: { request: { service_key: "daylight", from: "2026-11-01", to: "2026-11-30" } },
    })
    .input(GetApiInput)
    .output(success(ApiDashboard))
    .query(async ({ ctx, input }) => {
      const api = await getApi({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, api, nextAfterApi(api));
    }),

  inspectUpstream: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/upstreams/inspect",
        summary: "Look at an upstream before it is registered",
        description:
          "Calls it once without paying, as a registration does. Says what would be pinned, and what its 402 says of its input. Stores nothing.",
      },
      errors: ["upstream_error"],
      example: { request: { upstream_url: "https://daylight.example/v1/sun" } },
    })
    .input(InspectUpstreamInput)
    .output(success(InspectUpstreamOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await inspectUpstream({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.registerApi(),
      ]),
    ),

  getApiHealth: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis/{service_key}/health",
        summary: "See how an API delivered",
        description:
          "Runs, delivered and undelivered ones, the median response time and the last failure, for each UTC day of a period. Counts all calls of all payers.",
      },
      errors: ["not_found"],
      example: { request: { service_key: "daylight", from: "2026-11-01", to: "2026-11-30" } },
    })
    .input(GetApiInput)
    .output(success(ApiHealthOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await getHealth({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.getApi(input.service_key),
      ]),
    ),

  previewSearch: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis/{service_key}/search-preview",
        summary: "See what finds an API",
        description:
          "The words and topics that it is found by, and its place among others for a text, or for its own names. Names and descriptions in other languages (`localized`) are found too.",
      },
      errors: ["not_found"],
      example: { request: { service_key: "daylight", text: "when does the sun set" } },
    })
    .input(PreviewSearchInput)
    .output(success(PreviewSearchOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await previewSearch({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.getApi(input.service_key),
      ]),
    ),

  changeApi: sponsorProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/sponsor/apis/{service_key}",
        summary: "Change or pause an API",
        description:
          "A new `upstream_url` or `upstream_headers`, and `repin`, call the upstream without paying, and pin its payments to the terms of its 402 response. If that has no terms that can be paid, nothing is changed.",
      },
      errors: ["not_found", "inactive", "conflict", "upstream_error"],
      example: { request: { service_key: "daylight", price_cents: 2, repin: true } },
    })
    .input(ChangeApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => {
      const api = await changeApi({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, api, nextAfterApi(api));
    }),

  archiveApi: sponsorProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/sponsor/apis/{service_key}",
        summary: "Archive an API",
        description:
          "It takes no new calls and isn't found any more. Open payments are settled as usual, figures stay, its budget can be withdrawn, and its key stays taken.",
      },
      errors: ["not_found"],
      example: { request: { service_key: "daylight" } },
    })
    .input(ArchiveApiInput)
    .output(success(ApiView))
    .mutation(async ({ ctx, input }) => {
      const api = await archiveApi({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, api, nextAfterApi(api));
    }),
};
