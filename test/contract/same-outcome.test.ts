import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi, TollfreeError } from "../../src/client/index.ts";
import { signInWithGpt } from "../support/gpt.ts";
import type { TestServer } from "../support/server.ts";
import { refusal, rest, startTestServer, trpc } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import {
  completeTask,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../support/world.ts";

/** One core: the same situation gives the same outcome, whichever door it is met through. */

let server: TestServer;
let upstream: Upstream;
let grant: Created;
let acme: { sponsor_id: string; key: string };
let agentToken: string;
let gptToken: string;

beforeAll(async () => {
  server = await startTestServer({
    suspension: { scopeViolations: 1_000, scopeWindowSeconds: 60, rateHits: 1_000, rateWindowSeconds: 60 },
  });
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  grant = await createGrant(server.url);
  agentToken = (await openSession(server.url, grant, { budgetCents: 20 })).token;
  gptToken = await signInWithGpt(server.url, grant, { budget_limit_cents: 20 });
});
afterAll(async () => {
  await server.close();
  await upstream.close();
});

/** What a caller learns, on every surface: the error's code and what it may do about it, or what came of the call. */
interface Outcome {
  code: string;
  retry?: unknown;
  fields?: unknown;
  result?: unknown;
}

type Verb = "run" | "complete" | "task";
interface Situation {
  verb: Verb;
  /** Service key or campaign id. */
  target: string;
  body: Record<string, unknown>;
}

const outcomeOf = (envelope: Record<string, unknown>): Outcome => ({
  code: String(envelope["error_code"]),
  retry: envelope["retry_allowed"],
  fields: (envelope["field_errors"] as { path: string; keyword: string }[] | undefined)?.map(
    ({ path, keyword }) => `${path} ${keyword}`,
  ),
});
const resultOf = (data: Record<string, unknown>): Outcome => {
  const payment = data["payment"] as { status: string; amount_cents: number } | undefined;
  return {
    code: "ok",
    result: [
      data["already_completed"],
      data["can_use_service"],
      data["output"],
      payment?.status,
      payment?.amount_cents,
    ],
  };
};

const SURFACES: Record<string, (situation: Situation) => Promise<Outcome>> = {
  async "agent over REST"({ verb, target, body }) {
    const paths = {
      run: `services/${target}/run`,
      complete: `tasks/${target}/complete`,
      task: `tasks/${target}`,
    };
    const answer = await rest(server.url, verb === "task" ? "GET" : "POST", `/agent/${paths[verb]}`, {
      token: agentToken,
      ...(verb !== "task" && { body }),
    });
    return answer.status < 300
      ? resultOf(answer.body.data as Record<string, unknown>)
      : outcomeOf(answer.body as Record<string, unknown>);
  },
  async "agent over tRPC"({ verb, target, body }) {
    const { agent } = trpc(server.url, agentToken);
    const calls = {
      run: () => agent.runService.mutate({ service_key: target, ...body }),
      complete: () =>
        agent.completeTask.mutate({
          campaign_id: target,
          ...(body as { task_data: object; consent: typeof CONSENT }),
        } as never),
      task: () => agent.getTask.query({ campaign_id: target }),
    };
    const called = calls[verb]();
    const result = await called.then(
      ({ data }) => resultOf(data),
      () => undefined,
    );
    return result ?? outcomeOf(await refusal(called));
  },
  async "the typed client"({ verb, target, body }) {
    const { agent } = createApi({ url: server.url, token: agentToken });
    const calls = {
      run: () => agent.runService.mutate({ service_key: target, ...body }),
      complete: () => agent.completeTask.mutate({ campaign_id: target, ...body } as never),
      task: () => agent.getTask.query({ campaign_id: target }),
    };
    try {
      return resultOf((await calls[verb]()).data);
    } catch (error) {
      if (!(error instanceof TollfreeError)) throw error;
      const fields = error.fieldErrors.map(({ path, keyword }) => `${path} ${keyword}`);
      return {
        code: error.code,
        retry: error.retryAllowed,
        fields: fields.length === 0 ? undefined : fields,
      };
    }
  },
  async GPT({ verb, target, body }) {
    const paths = {
      run: `services/${target}/run`,
      complete: `tasks/${target}/complete`,
      task: `tasks/${target}?session_token=${gptToken}`,
    };
    const answer = await rest(server.url, verb === "task" ? "GET" : "POST", `/gpt/${paths[verb]}`, {
      token: grant.agent_key,
      ...(verb !== "task" && { body: { ...body, session_token: gptToken } }),
    });
    return answer.status < 300
      ? resultOf(answer.body as Record<string, unknown>)
      : outcomeOf(answer.body as Record<string, unknown>);
  },
};

/** Each makes its situation anew, since calling may change it. */
const SITUATIONS: [string, string, () => Promise<Situation>][] = [
  ["an unknown service", "not_found", async () => ({ verb: "run", target: "nothing-here", body: {} })],
  ["a malformed campaign id", "not_found", async () => ({ verb: "task", target: "nonsense", body: {} })],
  [
    "a task that isn't done",
    "task_required",
    async () => ({ verb: "run", target: (await offer({}, false)).key, body: {} }),
  ],
  [
    "nobody who pays",
    "no_sponsor",
    async () => ({ verb: "run", target: await registerApi(server.url, acme.key, upstream), body: {} }),
  ],
  [
    "a campaign for others",
    "not_eligible",
    async () => ({
      verb: "task",
      target: (await offer({ target_roles: ["astronaut"] }, false)).campaignId,
      body: {},
    }),
  ],
  [
    "a paused campaign",
    "inactive",
    async () => {
      const { campaignId } = await offer({}, false);
      await rest(server.url, "PATCH", `/sponsor/campaigns/${campaignId}`, {
        token: acme.key,
        body: { active: false },
      });
      return { verb: "task", target: campaignId, body: {} };
    },
  ],
  [
    "a task type out of scope",
    "scope_violation",
    async () => ({
      verb: "task",
      target: (await offer({ task_type: "purchase" }, false)).campaignId,
      body: {},
    }),
  ],
  [
    "a category out of scope",
    "scope_violation",
    async () => ({ verb: "run", target: (await offer({}, true, { categories: ["finance"] })).key, body: {} }),
  ],
  [
    "answers that don't fit",
    "validation_error",
    async () => ({
      verb: "complete",
      target: (await offer({}, false)).campaignId,
      body: { task_data: { score: 9, extra: 1 }, consent: CONSENT },
    }),
  ],
  [
    "personal data without agreement",
    "data_consent_required",
    async () => ({
      verb: "complete",
      target: (await offer({}, false)).campaignId,
      body: { task_data: { score: 1, region: "PT" }, consent: { ...CONSENT, data_sharing_agreed: false } },
    }),
  ],
  [
    "an accepted task",
    "ok",
    async () => ({
      verb: "complete",
      target: (await offer({}, false)).campaignId,
      body: { task_data: { score: 1, region: "PT" }, consent: CONSENT },
    }),
  ],
  [
    "input that doesn't fit",
    "validation_error",
    async () => ({ verb: "run", target: (await offer()).key, body: { input: { n: "one" } } }),
  ],
  [
    "undeclared personal data",
    "validation_error",
    async () => ({ verb: "run", target: (await offer()).key, body: { input: { place: "ada@example.com" } } }),
  ],
  [
    "a quote above the call's limit",
    "cost_above_max",
    async () => ({ verb: "run", target: (await offer()).key, body: { max_cost_cents: 1 } }),
  ],
  [
    "a sponsor without money",
    "sponsor_budget_exhausted",
    async () => ({ verb: "run", target: (await offer({ fundCents: 1 })).key, body: {} }),
  ],
  [
    "a price beyond the session's budget",
    "budget_approval_required",
    async () => {
      upstream.terms.amount = "300000";
      return {
        verb: "run",
        target: (await offer({ subsidy_per_call_cents: 50 }, true, { price_cents: 30 })).key,
        body: {},
      };
    },
  ],
  [
    "an upstream that fails",
    "upstream_error",
    async () => ({ verb: "run", target: (await offer({}, true, {}, "broken")).key, body: {} }),
  ],
  [
    "a run that is paid",
    "ok",
    async () => ({ verb: "run", target: (await offer()).key, body: { input: { n: 1 } } }),
  ],
];

async function offer(
  campaign: Record<string, unknown> = {},
  done = true,
  api: Record<string, unknown> = {},
  behaviour: "honest" | "broken" = "honest",
): Promise<{ key: string; campaignId: string }> {
  const key = await registerApi(server.url, acme.key, upstream, behaviour, api);
  const campaignId = await createCampaign(server.url, acme, [key], campaign);
  if (done) await completeTask(server.url, agentToken, campaignId);
  return { key, campaignId };
}

test.each(SITUATIONS)("%s: %s on every surface", async (_name, code, make) => {
  const outcomes: Record<string, Outcome> = {};
  for (const [surface, call] of Object.entries(SURFACES)) {
    upstream.terms.amount = "20000";
    const situation = await make();
    outcomes[surface] = await call(situation);
  }
  const [first] = Object.values(outcomes);
  expect(first?.code).toBe(code);
  for (const outcome of Object.values(outcomes)) expect(outcome).toEqual(first);
});
