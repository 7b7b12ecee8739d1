import {
  changeEndpoint,
  ListAgentDeliveriesInput,
  listDeliveries,
  ListDeliveriesOutput,
  replay,
  ReplayAgentInput,
  ReplayOutput,
  sendTest,
  SendTestOutput,
} from "../../../core/webhooks/delivery/index.ts";
import {
  agentListener,
  AgentWebhookInput,
  AgentWebhooksInput,
  ChangeAgentWebhookInput,
  CreateAgentWebhookInput,
  createEndpoint,
  deleteEndpoint,
  DeletedWebhookOutput,
  listEndpoints,
  ListWebhooksOutput,
  NewWebhookOutput,
  RotateAgentWebhookSecretInput,
  rotateSecret,
  WebhookView,
} from "../../../core/webhooks/endpoint/index.ts";
import { limitedBy, personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

const changes = limitedBy("webhookChanged");

/** Where an agent's owner is told of its events. */
export const buildWebhookProcedures = {
  list: personProcedure
    .input(AgentWebhooksInput)
    .output(success(ListWebhooksOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listEndpoints(ctx.deps, agentListener(ctx.actor, input)))),
  create: changes
    .input(CreateAgentWebhookInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await createEndpoint(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  change: changes
    .input(ChangeAgentWebhookInput)
    .output(success(WebhookView))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await changeEndpoint(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  remove: changes
    .input(AgentWebhookInput)
    .output(success(DeletedWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await deleteEndpoint(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  rotate: changes
    .input(RotateAgentWebhookSecretInput)
    .output(success(NewWebhookOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateSecret(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  test: changes
    .input(AgentWebhookInput)
    .output(success(SendTestOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await sendTest(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  deliveries: personProcedure
    .input(ListAgentDeliveriesInput)
    .output(success(ListDeliveriesOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listDeliveries(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
  replay: changes
    .input(ReplayAgentInput)
    .output(success(ReplayOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await replay(ctx.deps, agentListener(ctx.actor, input), input)),
    ),
};
