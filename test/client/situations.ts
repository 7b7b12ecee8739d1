import type { ConnectOptions, ErrorCode, TollfreeApi } from "../../src/client/index.ts";
import { connect, createApi } from "../../src/client/index.ts";
import { CONSENT, TASK_SCHEMA } from "../support/caller.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { createAgentWithoutGrant } from "./people.ts";
import type { ClientWorld } from "./use-client-world.ts";

type Situation = (world: ClientWorld) => Promise<unknown>;

const NO_RETRIES = { retry: { retries: 0 } };
const PHONE_TASK = {
  ...TASK_SCHEMA,
  properties: { phone: { type: "string", maxLength: 30, "x-data-type": "phone" } },
  required: ["phone"],
};

/** The API with a new session's token. The session isn't renewed, and nothing is retried. */
async function openApi(
  world: ClientWorld,
  changes: Partial<ConnectOptions> = {},
): Promise<{ api: TollfreeApi; id: string }> {
  const { token, session_id: id } = await world.openSession(world.grant);
  return { api: createApi({ url: world.url, token, ...NO_RETRIES, ...changes }), id };
}

/** Calls with a session whose row was changed in the database. */
async function callWithChangedSession(world: ClientWorld, data: object): Promise<unknown> {
  const { api, id } = await openApi(world);
  await world.database.db.agentSession.update({ where: { id }, data });
  return api.agent.flowStatus.query();
}

/** A sponsored service whose task is completed. */
async function openApiOfReadyService(
  world: ClientWorld,
  ...args: Parameters<ClientWorld["sponsorService"]>
): Promise<{ api: TollfreeApi; service_key: string; campaign_id: string }> {
  const { service, campaignId } = await world.sponsorService(...args);
  const { api } = await openApi(world);
  await api.agent.completeTask.mutate({ campaign_id: campaignId, task_data: { score: 3 }, consent: CONSENT });
  return { api, service_key: service, campaign_id: campaignId };
}

/** Calls with a request that is changed before it is sent. */
const callWithChangedRequest = async (
  world: ClientWorld,
  change: (url: string, init: RequestInit) => Promise<Response>,
): Promise<unknown> => {
  const fetchChanged: typeof fetch = (url, init = {}) => change(url as string, init);
  const { api } = await openApi(world, { fetch: fetchChanged });
  return api.agent.planService.mutate({ service_key: "any" });
};

/** For each error code: calls that a real server refuses with this code. */
export const SITUATIONS = {
  invalid_request: (world) => callWithChangedRequest(world, (url, init) => fetch(`${url}%ff`, init)),
  invalid_json: (world) => callWithChangedRequest(world, (url, init) => fetch(url, { ...init, body: "{" })),
  payload_too_large: (world) =>
    callWithChangedRequest(world, (url, init) =>
      fetch(url, { ...init, body: `{"x":"${"x".repeat(2_000_000)}"}` }),
    ),
  unsupported_media_type: (world) =>
    callWithChangedRequest(world, (url, init) => {
      const headers = { ...(init.headers as Record<string, string>), "content-type": "text/plain" };
      return fetch(url, { ...init, headers });
    }),
  validation_error: async (world) => (await openApi(world)).api.agent.searchServices.query({ limit: 51 }),
  unauthorized: (world) => connect({ url: world.url, apiKey: "tf_ak_nobody" }),
  consent_required: async (world) =>
    connect({ url: world.url, apiKey: await createAgentWithoutGrant(world) }),
  session_expired: (world) => callWithChangedSession(world, { expiresAt: new Date(0) }),
  session_revoked: (world) => callWithChangedSession(world, { revokedAt: new Date(), active: false }),
  session_suspended: (world) =>
    callWithChangedSession(world, { suspendedAt: new Date(), suspendedReason: "test", active: false }),
  rate_limited: async (world) => {
    const { api } = await openApi(world);
    for (let calls = 0; calls < 100; calls += 1) await api.agent.flowStatus.query();
  },
  not_found: async (world) => (await openApi(world)).api.agent.getTask.query({ campaign_id: "no-such" }),
  scope_violation: async (world) => {
    const { api } = await openApi(world);
    const { campaignId } = await world.sponsorService("honest", {}, { task_type: "data_provision" });
    return api.agent.getTask.query({ campaign_id: campaignId });
  },
  data_consent_required: async (world) => {
    const { api } = await openApi(world);
    const { campaignId } = await world.sponsorService("honest", {}, { task_schema: PHONE_TASK });
    const task_data = { phone: "+351 21 000 0000" };
    return api.agent.completeTask.mutate({ campaign_id: campaignId, task_data, consent: CONSENT });
  },
  budget_approval_required: async (world) => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions({ budgetLimitCents: 1 }));
    return agent.run(service);
  },
  not_eligible: async (world) => {
    const { campaignId } = await world.sponsorService("honest", {}, { target_roles: ["astronaut"] });
    return (await openApi(world)).api.agent.getTask.query({ campaign_id: campaignId });
  },
  inactive: async (world) => {
    const { campaignId } = await world.sponsorService();
    await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: false }, world.sponsor.key);
    return (await openApi(world)).api.agent.getTask.query({ campaign_id: campaignId });
  },
  task_required: async (world) => {
    const { service } = await world.sponsorService();
    return (await connect(world.connectOptions({ hooks: {} }))).run(service);
  },
  answer_held_back: async (world) => {
    const holdback = { by: "hand" };
    const { api, service_key, campaign_id } = await openApiOfReadyService(world, "honest", {}, { holdback });
    return api.agent.runService.mutate({ service_key, campaign_id });
  },
  answer_rejected: async (world) => {
    const rule = {
      ...TASK_SCHEMA,
      properties: { ...TASK_SCHEMA.properties, score: { type: "integer", minimum: 5 } },
    };
    return openApiOfReadyService(world, "honest", {}, { holdback: { by: "rule", schema: rule } });
  },
  no_sponsor: async (world) => {
    const service_key = await world.registerService(world.sponsor.key);
    return (await openApi(world)).api.agent.runService.mutate({ service_key });
  },
  sponsor_budget_exhausted: async (world) => {
    const { api, service_key } = await openApiOfReadyService(world, "honest", {}, { fundCents: 1 });
    return api.agent.runService.mutate({ service_key });
  },
  user_cap_reached: async (world) => {
    const { api, service_key } = await openApiOfReadyService(world, "honest", {}, { max_calls_per_user: 1 });
    await api.agent.runService.mutate({ service_key, input: { n: 1 } });
    return api.agent.runService.mutate({ service_key, input: { n: 2 } });
  },
  cost_above_max: async (world) => {
    const { service } = await world.sponsorService();
    return (await connect(world.connectOptions())).run(service, {}, { maxCostCents: 1 });
  },
  price_changed: async (world) => {
    const { service } = await world.sponsorService();
    world.upstream.terms.amount = "30000";
    return (await connect(world.connectOptions())).run(service);
  },
  duplicate_request: async (world) => {
    const { api, service_key } = await openApiOfReadyService(world);
    await api.agent.runService.mutate({ service_key });
    return api.agent.runService.mutate({ service_key });
  },
  idempotency_conflict: async (world) => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions());
    await agent.run(service, { n: 1 }, { idempotencyKey: "k" });
    return agent.run(service, { n: 2 }, { idempotencyKey: "k" });
  },
  idempotency_in_progress: async (world) => {
    const { api, service_key } = await openApiOfReadyService(world, "slow", { timeout_ms: 500 });
    const run = () => api.agent.runService.mutate({ service_key, idempotency_key: "k" });
    return Promise.all([run(), run()]); // the second run is refused while the first is in progress
  },
  payments_paused: async (world) => {
    const { service } = await world.sponsorService();
    const pause = (paused: boolean) =>
      world.rest("PUT", "/admin/payments", { token: ADMIN_KEY, body: { paused } });
    const agent = await connect(world.connectOptions(NO_RETRIES));
    await pause(true);
    try {
      return await agent.run(service);
    } finally {
      await pause(false);
    }
  },
  upstream_error: async (world) => {
    const { service } = await world.sponsorService("broken");
    return (await connect(world.connectOptions(NO_RETRIES))).run(service);
  },
  upstream_timeout: async (world) => {
    const { service } = await world.sponsorService("slow", { timeout_ms: 300 });
    return (await connect(world.connectOptions(NO_RETRIES))).run(service);
  },
} satisfies Partial<Record<ErrorCode, Situation>>;
