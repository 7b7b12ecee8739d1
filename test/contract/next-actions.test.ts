import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Profile } from "../../src/demo/fill-schema.ts";
import { call } from "../support/call.ts";
import { actionsOf, expectResolves, perform } from "../support/next-actions.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import type { Behaviour, Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import {
  completeTask,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../support/world.ts";

/** R1.3: an agent that only follows next actions must never be led to where nothing is. */

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };

beforeAll(async () => {
  server = await startTestServer({ confirmWaitMs: 200 });
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

const PROFILE: Profile = {
  byName: { score: 4, data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
  byDataType: { region: "Minho" },
};

interface Scene {
  grant: Created;
  token: string;
  /** The service's key. */
  service_key: string;
  campaign_id: string;
  call: (name: string, input?: Record<string, unknown>) => Promise<Answer>;
}

/** A person with a grant and a session, and a service that a campaign of their own pays for. */
async function scene(
  behaviour: Behaviour = "honest",
  campaign: Record<string, unknown> = {},
  session: { budgetCents?: number; scopes?: unknown } = {},
  api: Record<string, unknown> = {},
): Promise<Scene> {
  const service_key = await registerApi(server.url, acme.key, upstream, behaviour, api);
  const campaign_id = await createCampaign(server.url, acme, [service_key], { fundCents: 20, ...campaign });
  const grant = await createGrant(server.url);
  const { token } = await openSession(server.url, grant, session);
  return {
    grant,
    token,
    service_key,
    campaign_id,
    call: (name, input = {}) => call(server.url, `agent.${name}`, input, token),
  };
}

const done = async (s: Scene): Promise<Scene> => {
  await completeTask(server.url, s.token, s.campaign_id);
  return s;
};
const run = ({ call: calls, service_key }: Scene, input: Record<string, unknown> = {}): Promise<Answer> =>
  calls("runService", { service_key, ...input });
const complete = ({ call: calls, campaign_id }: Scene, task_data: unknown, consent: unknown = CONSENT) =>
  calls("completeTask", { campaign_id, task_data, consent });

const PHONE_TASK = {
  type: "object",
  properties: {
    region: { type: "string", "x-data-type": "region" },
    phone: { type: "string", "x-data-type": "phone" },
  },
  additionalProperties: false,
};

/** Every refusal an agent can meet, and how to meet it. */
const REFUSALS: [code: string, meet: () => Promise<Answer>][] = [
  ["unauthorized", async () => call(server.url, "agent.flowStatus", {})],
  [
    "consent_required",
    async () => {
      const { grant } = await scene("free", {}, {}, { price_cents: 0 });
      return call(server.url, "agent.auth", { scopes: EVERYTHING, budget_limit_cents: 1 }, grant.agent_key);
    },
  ],
  [
    "session_revoked",
    async () => {
      const s = await scene("free", {}, {}, { price_cents: 0 });
      await s.call("revokeSession");
      return s.call("flowStatus");
    },
  ],
  [
    "session_expired",
    async () => {
      const s = await scene("free", {}, {}, { price_cents: 0 });
      await server.deps.db.agentSession.updateMany({
        where: { grantId: s.grant.grant_id },
        data: { expiresAt: new Date(0) },
      });
      return s.call("flowStatus");
    },
  ],
  [
    "session_suspended",
    async () => {
      const s = await scene("free", { task_type: "data_provision" }, {}, { price_cents: 0 });
      for (const _ of [1, 2, 3]) await s.call("getTask", { campaign_id: s.campaign_id });
      return s.call("flowStatus");
    },
  ],
  [
    "scope_violation",
    async () => {
      const s = await scene("free", { task_type: "data_provision" }, {}, { price_cents: 0 });
      return s.call("getTask", { campaign_id: s.campaign_id });
    },
  ],
  [
    "scope_violation",
    async () => {
      const scopes = { ...GRANT_SCOPES, allowed_data_types: [] };
      return complete(await scene("free", {}, { scopes }, { price_cents: 0 }), { score: 3, region: "Minho" });
    },
  ],
  [
    "scope_violation",
    async () => run(await scene("free", {}, {}, { price_cents: 0, categories: ["finance"] })),
  ],
  [
    "data_consent_required",
    async () => complete(await scene("free", { task_schema: PHONE_TASK }), { phone: "1" }),
  ],
  [
    "data_consent_required",
    async () =>
      complete(
        await scene("free"),
        { score: 1, region: "Minho" },
        { ...CONSENT, data_sharing_agreed: false },
      ),
  ],
  ["validation_error", async () => complete(await scene("free"), { score: 9 })],
  [
    "not_eligible",
    async () => {
      const s = await scene("free", { target_roles: ["astronaut"] });
      return s.call("getTask", { campaign_id: s.campaign_id });
    },
  ],
  ["not_eligible", async () => run(await scene("honest", { target_roles: ["astronaut"] }))],
  [
    "inactive",
    async () => {
      const s = await scene();
      await call(
        server.url,
        "sponsor.changeCampaign",
        { campaign_id: s.campaign_id, active: false },
        acme.key,
      );
      return s.call("getTask", { campaign_id: s.campaign_id });
    },
  ],
  [
    "inactive",
    async () => {
      const s = await scene();
      await call(server.url, "sponsor.changeApi", { service_key: s.service_key, active: false }, acme.key);
      return run(s);
    },
  ],
  ["not_found", async () => (await scene()).call("getPayment", { payment_id: randomUUID() })],
  ["task_required", async () => run(await scene())],
  ["no_sponsor", async () => run(await scene("honest", { subsidy_per_call_cents: 1 }))],
  [
    "sponsor_budget_exhausted",
    async () => {
      const s = await done(await scene("honest", { fundCents: 1 }));
      await createCampaign(server.url, acme, [s.service_key], { fundCents: 5 });
      return run(s);
    },
  ],
  [
    "user_cap_reached",
    async () => {
      const s = await done(await scene("honest", { max_calls_per_user: 1 }));
      await run(s, { input: { n: 1 } });
      return run(s, { input: { n: 2 } });
    },
  ],
  ["cost_above_max", async () => run(await done(await scene()), { max_cost_cents: 1 })],
  [
    "price_changed",
    async () => {
      const s = await done(await scene());
      await call(server.url, "sponsor.changeApi", { service_key: s.service_key, price_cents: 1 }, acme.key);
      return run(s);
    },
  ],
  ["budget_approval_required", async () => run(await done(await scene("honest", {}, { budgetCents: 1 })))],
  [
    "duplicate_request",
    async () => {
      const s = await done(await scene());
      await run(s, { input: { n: 1 } });
      return run(s, { input: { n: 1 } });
    },
  ],
  [
    "idempotency_conflict",
    async () => {
      const s = await done(await scene());
      await run(s, { input: { n: 1 }, idempotency_key: "a" });
      return run(s, { input: { n: 2 }, idempotency_key: "a" });
    },
  ],
  ["upstream_timeout", async () => run(await done(await scene("slow", {}, {}, { timeout_ms: 150 })))],
  ["upstream_error", async () => run(await done(await scene("broken")))],
  ["upstream_error", async () => run(await done(await scene("liar")))],
];

test("whatever refuses a call, its next actions can be done as they stand", async () => {
  const offered = new Set<string>();
  for (const [code, meet] of REFUSALS) {
    const answer = await meet();
    expect(answer.body.error_code, JSON.stringify(answer.body)).toBe(code);
    for (const action of actionsOf(answer)) {
      expectResolves(action, PROFILE);
      offered.add(action.action);
    }
  }
  expect([...offered].toSorted()).toEqual([
    ...["auth", "complete_task", "flow_status", "get_approval", "get_payment", "get_task", "pay_directly"],
    "search_services",
  ]);
});

test("an approval leads on, whatever its kind and whatever became of it", async () => {
  const decide = (approval_id: string, s: Scene, input: Record<string, unknown>) =>
    call(server.url, "admin.decideApproval", { approval_id, user_id: s.grant.user_id, ...input }, ADMIN_KEY);
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  const yes = { decision: "approve", scopes: GRANT_SCOPES, budget_limit_cents: 1, expires_at };
  const kinds: [string, (s: Scene) => Promise<Answer>, Record<string, unknown>][] = [
    [
      "auth",
      (s) =>
        call(
          server.url,
          "agent.auth",
          { user_id: s.grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 200 },
          s.grant.agent_key,
        ),
      yes,
    ],
    ["get_task", (s) => complete(s, { phone: "1" }), { decision: "approve" }],
    ["run_service", async (s) => run(await done(s)), { decision: "approve" }],
  ];
  for (const [leadsTo, ask, approve] of kinds) {
    for (const decision of [approve, { decision: "deny" }]) {
      const task = leadsTo === "get_task" ? { task_schema: PHONE_TASK } : {};
      const s = await scene("honest", task, { budgetCents: 1 });
      const asked = await ask(s);
      const poll = actionsOf(asked)[0];
      if (poll?.action !== "get_approval") throw new Error(`no approval: ${JSON.stringify(asked.body)}`);
      const credentials = { session: s.token, apiKey: s.grant.agent_key };
      const pending = await perform(server.url, poll, PROFILE, credentials);
      for (const action of actionsOf(pending)) expectResolves(action, PROFILE);

      const { approval_id } = asked.body.details as { approval_id: string };
      expect((await decide(approval_id, s, decision)).status).toBe(200);
      const decided = await perform(server.url, poll, PROFILE, credentials);
      const [way] = actionsOf(decided);
      if (way === undefined) throw new Error("a decided approval leads nowhere");
      expectResolves(way, PROFILE);
      expect(way.action).toBe(decision === approve ? leadsTo : "auth");
      if (decision === approve)
        expect((await perform(server.url, way, PROFILE, credentials)).status).toBe(200);
    }
  }
});
