import {
  changeEndpoint,
  listDeliveries,
  ListDeliveriesInput,
  ListDeliveriesOutput,
  replay,
  ReplayInput,
  ReplayOutput,
  sendTest,
  SendTestOutput,
} from "../../../../core/webhooks/delivery/index.ts";
import {
  ChangeWebhookInput,
  createEndpoint,
  CreateWebhookInput,
  deleteEndpoint,
  DeletedWebhookOutput,
  listEndpoints,
  ListWebhooksOutput,
  NewWebhookOutput,
  rotateSecret,
  RotateWebhookSecretInput,
  sponsorListener,
  WebhookInput,
  WebhookView,
} from "../../../../core/webhooks/endpoint/index.ts";
import { memberLimitedBy, memberProcedure, NoInput } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

const changes = memberLimitedBy("webhookChanged");

/** Where a sponsor is told of its events. */
export const sponsorWebhookProcedures = {
  list: memberProcedure
    .input(NoInput)
    .output(success(ListWebhooksOutput))
    .query(async ({ ctx }) => ok(ctx, await listEndpoints(ctx.deps, sponsorListener(ctx.actor)))),
  create: changes
    .input(CreateWebhookInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await createEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),
  change: changes
    .input(ChangeWebhookInput)
    .output(success(WebhookView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await changeEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),
  remove: changes
    .input(WebhookInput)
    .output(success(DeletedWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await deleteEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),
  rotate: changes
    .input(RotateWebhookSecretInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateSecret(ctx.deps, sponsorListener(ctx.actor), input)),
    ),
  test: changes
    .input(WebhookInput)
    .output(success(SendTestOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await sendTest(ctx.deps, sponsorListener(ctx.actor), input))),
  deliveries: memberProcedure
    .input(ListDeliveriesInput)
    .output(success(ListDeliveriesOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listDeliveries(ctx.deps, sponsorListener(ctx.actor), input)),
    ),
  replay: changes
    .input(ReplayInput)
    .output(success(ReplayOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await replay(ctx.deps, sponsorListener(ctx.actor), input))),
};
