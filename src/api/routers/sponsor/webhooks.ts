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
} from "../../../core/webhooks/delivery/index.ts";
import {
  ChangeWebhookInput,
  createEndpoint,
  CreateWebhookInput,
  deleteEndpoint,
  DeletedWebhookOutput,
  getEndpoint,
  listEndpoints,
  ListWebhooksInput,
  ListWebhooksOutput,
  NewWebhookOutput,
  rotateSecret,
  RotateWebhookSecretInput,
  sponsorListener,
  WebhookInput,
  WebhookView,
} from "../../../core/webhooks/endpoint/index.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { WEBHOOK_ID } from "../examples.ts";

const WEBHOOK = "/sponsor/webhooks/{endpoint_id}" as const;

export const webhookProcedures = {
  listWebhooks: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/webhooks",
        summary: "List your webhooks",
        description: "Where events of your campaigns, services and payments are sent, the oldest first.",
      },
    })
    .input(ListWebhooksInput)
    .output(success(ListWebhooksOutput))
    .query(async ({ ctx }) => ok(ctx, await listEndpoints(ctx.deps, sponsorListener(ctx.actor)))),

  createWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/webhooks",
        summary: "Register a webhook",
        description:
          "Events from now on are sent to the URL by POST, signed as Standard Webhooks: at least once each, in order for each object, and again for three days until the answer is 2xx. They hold ids, states and times. The secret is shown once.",
      },
      errors: ["conflict"],
      example: {
        request: { url: "https://sponsor.example/tollfree", event_types: ["campaign.budget_low"] },
      },
    })
    .input(CreateWebhookInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await createEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),

  getWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: WEBHOOK,
        summary: "Get a webhook",
        description: "Whether it is active, how its last attempt went, and how many events wait.",
      },
      errors: ["not_found"],
      example: { request: { endpoint_id: WEBHOOK_ID } },
    })
    .input(WebhookInput)
    .output(success(WebhookView))
    .query(async ({ ctx, input }) => ok(ctx, await getEndpoint(ctx.deps, sponsorListener(ctx.actor), input))),

  changeWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: WEBHOOK,
        summary: "Change or pause a webhook",
        description:
          "While it is paused its events are kept, up to 10,000 of them and for 30 days. Once it is active again, they are sent at once. What you leave out stays as it is.",
      },
      errors: ["not_found"],
      example: { request: { endpoint_id: WEBHOOK_ID, active: false } },
    })
    .input(ChangeWebhookInput)
    .output(success(WebhookView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await changeEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),

  deleteWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: WEBHOOK,
        summary: "Delete a webhook",
        description: "What waits for it isn't sent any more.",
      },
      errors: ["not_found"],
      example: { request: { endpoint_id: WEBHOOK_ID } },
    })
    .input(WebhookInput)
    .output(success(DeletedWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await deleteEndpoint(ctx.deps, sponsorListener(ctx.actor), input)),
    ),

  rotateWebhookSecret: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: `${WEBHOOK}/rotate-secret`,
        summary: "Replace a webhook's secret",
        description: "Both secrets sign until the overlap ends. The new one is shown once.",
      },
      errors: ["not_found"],
      example: { request: { endpoint_id: WEBHOOK_ID, overlap_seconds: 3_600 } },
    })
    .input(RotateWebhookSecretInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateSecret(ctx.deps, sponsorListener(ctx.actor), input)),
    ),

  testWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: `${WEBHOOK}/test`,
        summary: "Send a test event",
        description: "Sends `webhook.test`. Its delivery is in the list of deliveries.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { endpoint_id: WEBHOOK_ID } },
    })
    .input(WebhookInput)
    .output(success(SendTestOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await sendTest(ctx.deps, sponsorListener(ctx.actor), input))),

  listWebhookDeliveries: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: `${WEBHOOK}/deliveries`,
        summary: "List a webhook's deliveries",
        description:
          "Newest first: what was sent, what waits, and what was given up. Delivered ones are kept for 7 days, others for 30.",
      },
      errors: ["not_found"],
      example: { request: { endpoint_id: WEBHOOK_ID, status: "given_up" } },
    })
    .input(ListDeliveriesInput)
    .output(success(ListDeliveriesOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listDeliveries(ctx.deps, sponsorListener(ctx.actor), input)),
    ),

  replayWebhook: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: `${WEBHOOK}/replay`,
        summary: "Send events again",
        description:
          "One event, or all that were given up since a time. Each keeps its `webhook-id`, by which a receiver knows what it has already.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { endpoint_id: WEBHOOK_ID, given_up_since: "2026-11-26T00:00:00Z" } },
    })
    .input(ReplayInput)
    .output(success(ReplayOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await replay(ctx.deps, sponsorListener(ctx.actor), input))),
};
