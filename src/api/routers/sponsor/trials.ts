import {
  getTrial,
  GetTrialInput,
  listPayersOfTrial,
  ListTrialPayersInput,
  ListTrialPayersOutput,
  tryService,
  TryServiceInput,
  TryServiceOutput,
} from "../../../core/runs/trial-run/index.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { PAYMENT_ID } from "../examples.ts";

/** A sponsor's trials of its own services. */
export const trialProcedures = {
  tryApi: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/apis/{service_key}/try",
        summary: "Try an API with one real payment",
        description:
          "Pays from the API's own budget or from one of your campaigns for it, also a paused one. It is made for no user, asks for no task, and counts neither for nor against the API.",
      },
      errors: [
        "not_found",
        "inactive",
        "sponsor_budget_exhausted",
        "price_changed",
        "upstream_error",
        "upstream_timeout",
        "payments_paused",
        "duplicate_request",
        "idempotency_conflict",
      ],
      idempotencyKey: true,
      example: { request: { service_key: "daylight", input: { latitude: 38.72, longitude: -9.14 } } },
    })
    .input(TryServiceInput)
    .output(success(TryServiceOutput))
    .mutation(async ({ ctx, input }) => {
      const deps = { ...ctx.deps, actor: ctx.actor };
      const { trial, replayed } = await tryService(deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, trial, [nextForSponsor.getApi(input.service_key)]);
    }),

  getTrial: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/trials/{payment_id}",
        summary: "Get a trial",
        description: "As it is now: its payment is looked up on the chain.",
      },
      errors: ["not_found"],
      example: { request: { payment_id: PAYMENT_ID } },
    })
    .input(GetTrialInput)
    .output(success(TryServiceOutput))
    .query(async ({ ctx, input }) => {
      const trial = await getTrial({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, trial, [nextForSponsor.getApi(trial.service_key)]);
    }),

  listTrialPayers: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/apis/{service_key}/trial-payers",
        summary: "List what could pay for a trial",
        description: "The API's own budget, and your campaigns for it, in the order in which they are tried.",
      },
      errors: ["not_found"],
      example: { request: { service_key: "daylight" } },
    })
    .input(ListTrialPayersInput)
    .output(success(ListTrialPayersOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listPayersOfTrial({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.getApi(input.service_key),
      ]),
    ),
};
