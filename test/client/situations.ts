import type { ConnectOptions, ErrorCode, TollfreeApi } from "../../src/client/index.ts";
import { connect, createApi } from "../../src/client/index.ts";
import { ADMIN_KEY, rest } from "../support/server.ts";
import { CONSENT, openSession, registerApi, TASK_SCHEMA } from "../support/world.ts";
import { newcomer } from "./people.ts";
import type { ClientWorld } from "./world.ts";

type Situation = (world: ClientWorld) => Promise<unknown>;

const NO_RETRIES = { retry: { retries: 0 } };
const PHONE_TASK = {
  ...TASK_SCHEMA,
  properties: { phone: { type: "string", maxLength: 30, "x-data-type": "phone" } },
  required: ["phone"],
};

/** Procedures with a session's token, and nobody who would renew it. */
async function bare(
  world: ClientWorld,
  changes: Partial<ConnectOptions> = {},
): Promise<{ api: TollfreeApi; id: string }> {
  const { token, session_id: id } = await openSession(world.url, world.grant);
  return { api: createApi({ url: world.url, token, ...NO_RETRIES, ...changes }), id };
}

/** A session whose row is changed behind its back. */
async function changedSession(world: ClientWorld, data: object): Promise<unknown> {
  const { api, id } = await bare(world);
  await world.server.database.db.agentSession.update({ where: { id }, data });
  return api.agent.flowStatus.query();
}

/** A service whose task is done. */
async function ready(
  world: ClientWorld,
  ...args: Parameters<ClientWorld["sponsored"]>
): Promise<{ api: TollfreeApi; service_key: string; campaign_id: string }> {
  const { service, campaignId } = await world.sponsored(...args);
  const { api } = await bare(world);
  await api.agent.completeTask.mutate({ campaign_id: campaignId, task_data: { score: 3 }, consent: CONSENT });
  return { api, service_key: service, campaign_id: campaignId };
}

/** A request that something changes on its way. */
const mangled = async (
  world: ClientWorld,
  change: (url: string, init: RequestInit) => Promise<Response>,
): Promise<unknown> => {
  const fetchChanged: typeof fetch = (url, init = {}) => change(url as string, init);
  const { api } = await bare(world, { fetch: fetchChanged });
  return api.agent.planService.mutate({ service_key: "any" });
};

/** What brings each refusal about, on a real server. */
export const SITUATIONS = {
  invalid_request: (world) => mangled(world, (url, init) => fetch(`${url}?batch=1`, init)),
  invalid_json: (world) => mangled(world, (url, init) => fetch(url, { ...init, body: "{" })),
  payload_too_large: (world) =>
    mangled(world, (url, init) => fetch(url, { ...init, body: `{"x":"${"x".repeat(2_000_000)}"}` })),
  unsupported_media_type: (world) =>
    mangled(world, (url, init) => {
      const headers = { ...(init.headers as Record<string, string>), "content-type": "text/plain" };
      return fetch(url, { ...init, headers });
    }),
  validation_error: async (world) => (await bare(world)).api.agent.searchServices.query({ limit: 51 }),
  unauthorized: (world) => connect({ url: world.url, apiKey: "tf_ak_nobody" }),
  consent_required: async (world) => connect({ url: world.url, apiKey: await newcomer(world.url) }),
  session_expired: (world) => changedSession(world, { expiresAt: new Date(0) }),
  session_revoked: (world) => changedSession(world, { revokedAt: new Date(), active: false }),
  session_suspended: (world) =>
    changedSession(world, { suspendedAt: new Date(), suspendedReason: "test", active: false }),
  rate_limited: async (world) => {
    const { api } = await bare(world);
    for (let calls = 0; calls < 100; calls += 1) await api.agent.flowStatus.query();
  },
  not_found: async (world) => (await bare(world)).api.agent.getTask.query({ campaign_id: "no-such" }),
  scope_violation: async (world) => {
    const { api } = await bare(world);
    const { campaignId } = await world.sponsored("honest", {}, { task_type: "data_provision" });
    return api.agent.getTask.query({ campaign_id: campaignId });
  },
  data_consent_required: async (world) => {
    const { api } = await bare(world);
    const { campaignId } = await world.sponsored("honest", {}, { task_schema: PHONE_TASK });
    const task_data = { phone: "+351 21 000 0000" };
    return api.agent.completeTask.mutate({ campaign_id: campaignId, task_data, consent: CONSENT });
  },
  budget_approval_required: async (world) => {
    const { service } = await world.sponsored();
    const agent = await connect(world.standing({ budgetLimitCents: 1 }));
    return agent.run(service);
  },
  not_eligible: async (world) => {
    const { campaignId } = await world.sponsored("honest", {}, { target_roles: ["astronaut"] });
    return (await bare(world)).api.agent.getTask.query({ campaign_id: campaignId });
  },
  inactive: async (world) => {
    const { campaignId } = await world.sponsored();
    await rest(world.url, "PATCH", `/sponsor/campaigns/${campaignId}`, {
      token: world.acme.key,
      body: { active: false },
    });
    return (await bare(world)).api.agent.getTask.query({ campaign_id: campaignId });
  },
  task_required: async (world) => {
    const { service } = await world.sponsored();
    return (await connect(world.standing({ hooks: {} }))).run(service);
  },
  no_sponsor: async (world) => {
    const service_key = await registerApi(world.url, world.acme.key, world.upstream);
    return (await bare(world)).api.agent.runService.mutate({ service_key });
  },
  sponsor_budget_exhausted: async (world) => {
    const { api, service_key } = await ready(world, "honest", {}, { fundCents: 1 });
    return api.agent.runService.mutate({ service_key });
  },
  user_cap_reached: async (world) => {
    const { api, service_key } = await ready(world, "honest", {}, { max_calls_per_user: 1 });
    await api.agent.runService.mutate({ service_key, input: { n: 1 } });
    return api.agent.runService.mutate({ service_key, input: { n: 2 } });
  },
  cost_above_max: async (world) => {
    const { service } = await world.sponsored();
    return (await connect(world.standing())).run(service, {}, { maxCostCents: 1 });
  },
  price_changed: async (world) => {
    const { service } = await world.sponsored();
    world.upstream.terms.amount = "30000";
    return (await connect(world.standing())).run(service);
  },
  duplicate_request: async (world) => {
    const { api, service_key } = await ready(world);
    await api.agent.runService.mutate({ service_key });
    return api.agent.runService.mutate({ service_key });
  },
  idempotency_conflict: async (world) => {
    const { service } = await world.sponsored();
    const agent = await connect(world.standing());
    await agent.run(service, { n: 1 }, { idempotencyKey: "k" });
    return agent.run(service, { n: 2 }, { idempotencyKey: "k" });
  },
  idempotency_in_progress: async (world) => {
    const { api, service_key } = await ready(world, "slow", { timeout_ms: 500 });
    const run = () => api.agent.runService.mutate({ service_key, idempotency_key: "k" });
    return Promise.all([run(), run()]); // the one that isn't first is refused first
  },
  payments_paused: async (world) => {
    const { service } = await world.sponsored();
    const pause = (paused: boolean) =>
      rest(world.url, "PUT", "/admin/payments", { token: ADMIN_KEY, body: { paused } });
    const agent = await connect(world.standing(NO_RETRIES));
    await pause(true);
    try {
      return await agent.run(service);
    } finally {
      await pause(false);
    }
  },
  upstream_error: async (world) => {
    const { service } = await world.sponsored("broken");
    return (await connect(world.standing(NO_RETRIES))).run(service);
  },
  upstream_timeout: async (world) => {
    const { service } = await world.sponsored("slow", { timeout_ms: 300 });
    return (await connect(world.standing(NO_RETRIES))).run(service);
  },
} satisfies Partial<Record<ErrorCode, Situation>>;
