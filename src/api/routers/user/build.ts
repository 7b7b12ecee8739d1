import {
  acceptAgent,
  addOwnKey,
  ChangedAgentOutput,
  endAgentOffer,
  endOwnKey,
  getOwnAgent,
  listBuiltAgents,
  ListBuiltAgentsOutput,
  NewKeyOutput,
  offerAgent,
  OfferAgentInput,
  OwnAgentInput,
  OwnAgentOutput,
  OwnKeyInput,
  registerAgent,
  RegisterAgentInput,
  retireOwnAgent,
  rotateOwnKey,
  RotateOwnKeyInput,
  setOwnReturnUrl,
  SetReturnUrlInput,
} from "../../../core/access/agent/index.ts";
import {
  ChangedClientOutput,
  getOwnClient,
  NewClientOutput,
  OwnClientInput,
  OwnClientOutput,
  putOwnClient,
  PutOwnClientInput,
  removeOwnClient,
} from "../../../core/access/oauth/index.ts";
import { AgentUsageOutput, readAgentUsage } from "../../../core/account/agent-usage/index.ts";
import { limitedBy, personProcedure, personRouter } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";
import { buildWebhookProcedures } from "./build-webhooks.ts";

const changes = limitedBy("agentChanged");

/** What people do who look after agents. */
export const buildProcedures = {
  list: personProcedure
    .output(success(ListBuiltAgentsOutput))
    .query(async ({ ctx }) => ok(ctx, await listBuiltAgents({ ...ctx.deps, actor: ctx.actor }))),

  get: personProcedure
    .input(OwnAgentInput)
    .output(success(OwnAgentOutput))
    .query(async ({ ctx, input }) => ok(ctx, await getOwnAgent({ ...ctx.deps, actor: ctx.actor }, input))),

  usage: personProcedure
    .input(OwnAgentInput)
    .output(success(AgentUsageOutput))
    .query(async ({ ctx, input }) => ok(ctx, await readAgentUsage({ ...ctx.deps, actor: ctx.actor }, input))),

  register: limitedBy("agentRegistered")
    .input(RegisterAgentInput)
    .output(success(NewKeyOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await registerAgent({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  keys: personRouter({
    add: changes
      .input(OwnAgentInput)
      .output(success(NewKeyOutput))
      .mutation(async ({ ctx, input }) => ok(ctx, await addOwnKey({ ...ctx.deps, actor: ctx.actor }, input))),
    rotate: changes
      .input(RotateOwnKeyInput)
      .output(success(NewKeyOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await rotateOwnKey({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    end: changes
      .input(OwnKeyInput)
      .output(success(ChangedAgentOutput))
      .mutation(async ({ ctx, input }) => ok(ctx, await endOwnKey({ ...ctx.deps, actor: ctx.actor }, input))),
  }),

  offers: personRouter({
    make: changes
      .input(OfferAgentInput)
      .output(success(ChangedAgentOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await offerAgent({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    end: changes
      .input(OwnAgentInput)
      .output(success(ChangedAgentOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await endAgentOffer({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    accept: changes
      .input(OwnAgentInput)
      .output(success(ChangedAgentOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await acceptAgent({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
  }),

  /** How a GPT, or another client that can keep a secret, signs people in for the agent. */
  client: personRouter({
    get: personProcedure
      .input(OwnClientInput)
      .output(success(OwnClientOutput))
      .query(async ({ ctx, input }) => ok(ctx, await getOwnClient({ ...ctx.deps, actor: ctx.actor }, input))),
    put: changes
      .input(PutOwnClientInput)
      .output(success(NewClientOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await putOwnClient({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    remove: changes
      .input(OwnClientInput)
      .output(success(ChangedClientOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await removeOwnClient({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
  }),

  webhooks: personRouter(buildWebhookProcedures),

  set_return_url: changes
    .input(SetReturnUrlInput)
    .output(success(ChangedAgentOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await setOwnReturnUrl({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  retire: changes
    .input(OwnAgentInput)
    .output(success(ChangedAgentOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await retireOwnAgent({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
