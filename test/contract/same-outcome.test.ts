import { beforeAll, expect, test } from "vitest";
import { createApi, TollfreeError } from "../../src/client/index.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import { CONSENT } from "../support/caller.ts";
import { signInWithGpt } from "../support/gpt.ts";
import { refusal } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

/** R1.5: the same call has the same outcome on every surface: REST, tRPC, the typed client and GPT. */

const world = useWorld({
  upstreamFor: "all tests",
  suspension: { scopeViolations: 1_000, scopeWindowSeconds: 60, rateHits: 1_000, rateWindowSeconds: 60 },
});
let grant: GrantOfUser;
let acme: SponsorWithKey;
let agentToken: string;
let gptToken: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  grant = await world.createGrant();
  agentToken = (await world.openSession(grant, { budgetCents: 20 })).token;
  gptToken = await signInWithGpt(world, grant, { budget_limit_cents: 20 });
});

/** What every surface tells the caller: the error, or the result of the call. */
interface Outcome {
  /** The error code, or "ok". */
  code: string;
  retry?: unknown;
  fields?: unknown;
  result?: unknown;
}

/** A call that every surface can make. */
interface SurfaceCall {
  verb: "run" | "complete" | "task";
  /** A service key for `run`, otherwise a campaign id. */
  target: string;
  body: Record<string, unknown>;
}

const refusalOutcome = (envelope: Record<string, unknown>): Outcome => ({
  code: String(envelope["error_code"]),
  retry: envelope["retry_allowed"],
  fields: (envelope["field_errors"] as { path: string; keyword: string }[] | undefined)?.map(
    ({ path, keyword }) => `${path} ${keyword}`,
  ),
});
const successOutcome = (data: Record<string, unknown>): Outcome => {
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

const SURFACES: Record<string, (call: SurfaceCall) => Promise<Outcome>> = {
  async "agent over REST"({ verb, target, body }) {
    const paths = {
      run: `services/${target}/run`,
      complete: `tasks/${target}/complete`,
      task: `tasks/${target}`,
    };
    const answer = await world.rest(verb === "task" ? "GET" : "POST", `/agent/${paths[verb]}`, {
      token: agentToken,
      ...(verb !== "task" && { body }),
    });
    return answer.status < 300
      ? successOutcome(answer.body.data as Record<string, unknown>)
      : refusalOutcome(answer.body as Record<string, unknown>);
  },
  async "agent over tRPC"({ verb, target, body }) {
    const { agent } = world.trpc(agentToken);
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
      ({ data }) => successOutcome(data),
      () => undefined,
    );
    return result ?? refusalOutcome(await refusal(called));
  },
  async "the typed client"({ verb, target, body }) {
    const { agent } = createApi({ url: world.url, token: agentToken });
    const calls = {
      run: () => agent.runService.mutate({ service_key: target, ...body }),
      complete: () => agent.completeTask.mutate({ campaign_id: target, ...body } as never),
      task: () => agent.getTask.query({ campaign_id: target }),
    };
    try {
      return successOutcome((await calls[verb]()).data);
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
    const answer = await world.rest(verb === "task" ? "GET" : "POST", `/gpt/${paths[verb]}`, {
      token: grant.agent_key,
      ...(verb !== "task" && { body: { ...body, session_token: gptToken } }),
    });
    return answer.status < 300
      ? successOutcome(answer.body as Record<string, unknown>)
      : refusalOutcome(answer.body as Record<string, unknown>);
  },
};

type OfferParts = Parameters<typeof world.offerService>[0];

/** A service whose campaign's task isn't completed. */
const offer = (parts: OfferParts = {}) => world.offerService({ sponsor: acme, ...parts });

/** A service whose campaign's task is completed. */
const ready = (parts: OfferParts = {}) =>
  world.readyService({ sponsor: acme, grant, token: agentToken, ...parts });

const runOf = (target: string, body = {}): SurfaceCall => ({ verb: "run", target, body });
const taskOf = (target: string): SurfaceCall => ({ verb: "task", target, body: {} });
const completionOf = (target: string, task_data: object, consent = CONSENT): SurfaceCall => ({
  verb: "complete",
  target,
  body: { task_data, consent },
});

/** Each case sets up a new call for each surface, since a call can change its own outcome. */
const CASES: [situation: string, code: string, setUp: () => Promise<SurfaceCall>][] = [
  ["a run of an unknown service", "not_found", async () => runOf("nothing-here")],
  ["a malformed campaign id", "not_found", async () => taskOf("nonsense")],
  ["a run before the task is completed", "task_required", async () => runOf((await offer()).service)],
  [
    "a run of a service without a sponsor",
    "no_sponsor",
    async () => runOf(await world.registerService(acme.key)),
  ],
  [
    "a task of a campaign for other roles",
    "not_eligible",
    async () => taskOf((await offer({ campaign: { target_roles: ["astronaut"] } })).campaignId),
  ],
  [
    "a task of a paused campaign",
    "inactive",
    async () => {
      const { campaignId } = await offer();
      await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: false }, acme.key);
      return taskOf(campaignId);
    },
  ],
  [
    "a task type out of scope",
    "scope_violation",
    async () => taskOf((await offer({ campaign: { task_type: "purchase" } })).campaignId),
  ],
  [
    "a category out of scope",
    "scope_violation",
    async () => runOf((await ready({ api: { categories: ["finance"] } })).service),
  ],
  [
    "answers that don't fit the task",
    "validation_error",
    async () => completionOf((await offer()).campaignId, { score: 9, extra: 1 }),
  ],
  [
    "personal data without agreement",
    "data_consent_required",
    async () =>
      completionOf(
        (await offer()).campaignId,
        { score: 1, region: "PT" },
        { ...CONSENT, data_sharing_agreed: false },
      ),
  ],
  [
    "a completed task",
    "ok",
    async () => completionOf((await offer()).campaignId, { score: 1, region: "PT" }),
  ],
  [
    "an input that doesn't fit the service",
    "validation_error",
    async () => runOf((await ready()).service, { input: { n: "one" } }),
  ],
  [
    "undeclared personal data in the input",
    "validation_error",
    async () => runOf((await ready()).service, { input: { place: "ada@example.com" } }),
  ],
  [
    "a price above the call's own limit",
    "cost_above_max",
    async () => runOf((await ready()).service, { max_cost_cents: 1 }),
  ],
  [
    "a campaign without money",
    "sponsor_budget_exhausted",
    async () => runOf((await ready({ campaign: { fundCents: 1 } })).service),
  ],
  [
    "a price beyond the session's budget",
    "budget_approval_required",
    async () => {
      world.upstream.terms.amount = "300000";
      const parts = { campaign: { subsidy_per_call_cents: 50 }, api: { price_cents: 30 } };
      return runOf((await ready(parts)).service);
    },
  ],
  [
    "an upstream that fails",
    "upstream_error",
    async () => runOf((await ready({ behaviour: "broken" })).service),
  ],
  ["a paid run", "ok", async () => runOf((await ready()).service, { input: { n: 1 } })],
];

test.each(CASES)("every surface has the same outcome for %s: %s", async (_situation, code, setUp) => {
  const outcomes: Record<string, Outcome> = {};
  for (const [surface, perform] of Object.entries(SURFACES)) {
    world.upstream.terms.amount = "20000";
    outcomes[surface] = await perform(await setUp());
  }
  const [first] = Object.values(outcomes);
  expect(first?.code).toBe(code);
  for (const outcome of Object.values(outcomes)) expect(outcome).toEqual(first);
});
