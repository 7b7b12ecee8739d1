import { randomUUID } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import type { Operation } from "../../src/api/operation/operations.ts";
import { createRespondent, withdraw } from "../support/answers.ts";
import { atOnce } from "../support/at-once.ts";
import { GRANT_SCOPES, INPUT_SCHEMA } from "../support/caller.ts";
import { signInWithGpt } from "../support/gpt.ts";
import { makeOperator } from "../support/operators.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { FULL_TASK } from "../support/tasks.ts";
import type { World } from "../support/use-world.ts";
import type { Pool } from "./arbitrary-json.ts";

/** What the fuzz test needs to know of its world to send requests that are served. */
export interface Fixtures {
  /** Values of fields, by name, such as ids that exist. */
  pool: Pool;
  /** Values for one operation that belong together, by operation id. They replace those of `pool`. */
  poolOf: Record<string, Pool>;
  /** By operation id: a request that is served. It is sent first, since random requests are rarely served. */
  served: Record<string, { path?: Record<string, string>; body?: unknown }>;
  credentials: Record<Operation["auth"], string | undefined>;
}

export async function createFixtures(world: World): Promise<Fixtures> {
  const acme = await world.createSponsor("Acme", privateKeyToAddress(generatePrivateKey()));
  const free = await world.registerService(acme.key, "free", { price_cents: 0 });
  const priced = await world.registerService(acme.key);
  const campaigns = [
    await world.createCampaign(acme, [free, priced]),
    await world.createCampaign(acme, [free], { task_schema: FULL_TASK }),
  ];
  const grant = await world.createGrant({ budgetCents: 10_000 });
  const { token, session_id } = await world.openSession(grant, { budgetCents: 100 });
  await world.completeTask(token, campaigns[0] ?? "");
  const run = await world.rest("POST", `/agent/services/${priced}/run`, { token, body: {} });
  const consents = await world.rest("GET", `/admin/users/${grant.user_id}/consents`, { token: ADMIN_KEY });
  const withdrawn = await world.rest("POST", `/sponsor/campaigns/${campaigns[0] ?? ""}/withdraw`, {
    token: acme.key,
    body: { amount_cents: 1 },
  });
  const credit = { service_key: priced, amount_cents: 1_000, reference: "the service's own" };
  await world.admin(`/admin/sponsors/${acme.sponsor_id}/credits`, credit);
  const gpt = await signInWithGpt(world, grant);
  // Ids that requests may revoke or end, so that the credentials in use stay valid.
  const victim = await world.createGrant();
  const victimSession = await world.openSession(victim);
  const suspended = await world.openSession(await world.createGrant());
  await world.db.agentSession.update({
    where: { id: suspended.session_id },
    data: { suspendedAt: new Date(), suspendedReason: "for a test", active: false },
  });
  const keys = await world.rest("GET", `/admin/agents/${victim.agent_id}/keys`, { token: ADMIN_KEY });
  const approval = await world.rest("POST", "/agent/auth", {
    token: grant.agent_key,
    body: {
      user_id: grant.subject,
      scopes: { allowed_task_types: ["*"], allowed_data_types: ["phone"], allowed_categories: ["*"] },
      budget_limit_cents: 1,
    },
  });
  const answers = await answersOf(world, campaigns[0] ?? "");
  const trial = await world.call("sponsor.tryApi", { service_key: free }, acme.key);
  const webhooks = [];
  for (let n = 0; n < 3; n += 1) {
    const webhook = { url: world.upstream.url("free"), event_types: ["*"] };
    const made = await world.call("sponsor.createWebhook", webhook, acme.key);
    webhooks.push(made.body.data.webhook.endpoint_id as string);
  }
  const judged = await world.createCampaign(acme, [free], {
    ...{ fundCents: 0, holdback: { by: "webhook", url: world.upstream.url("free") } },
  });
  const [kept = "", deleted = "", changed = ""] = webhooks;
  const operators = [await createOperator(world), await createOperator(world)] as const;
  const pool: Pool = {
    campaign_id: campaigns,
    service_key: [free, priced, "no-such-service"],
    service_keys: [[free], [priced, free], ["no-such-service"]],
    amount_cents: [0.5, 1, 2_000],
    withdrawal_id: [withdrawn.body.data.withdrawal.withdrawal_id, randomUUID()],
    payment_id: [run.body.data.payment.payment_id, randomUUID()],
    approval_id: [approval.body.details.approval_id, randomUUID()],
    user_id: [victim.user_id, grant.subject, randomUUID()],
    agent_id: [victim.agent_id, randomUUID()],
    grant_id: [victim.grant_id, randomUUID()],
    session_id: [victimSession.session_id, session_id],
    sponsor_id: [(await world.createSponsor()).sponsor_id, randomUUID()],
    consent_id: consents.body.data.consents.map(({ consent_id }: { consent_id: string }) => consent_id),
    key_id: [keys.body.data.keys[0].key_id, randomUUID()],
    session_token: [gpt],
    upstream_url: [
      world.upstream.url("honest"),
      world.upstream.url("free"),
      world.upstream.url("broken"),
      "http://127.0.0.1:9/",
    ],
    task_schema: [FULL_TASK],
    input_schema: [FULL_TASK],
    task_data: [
      { score: 3 },
      { score: 4, email: "ada@example.com" },
      { score: 4, email: { $vault: "email" } },
    ],
    idempotency_key: ["one", "two"],
    endpoint_id: [changed, randomUUID()],
    operator_id: [operators[0].operatorId, randomUUID()],
  };
  // A service of another sponsor, so that no request can pause it or change its price.
  const globex = await world.createSponsor("Globex");
  const stableService = await world.registerService(globex.key);
  // One that no request changes, since none but a trial names it.
  const tried = await world.registerService(acme.key, "free", { price_cents: 0 });
  const poolOf: Record<string, Pool> = {
    sponsor_try_api: { service_key: [tried, free, priced, "no-such-service"] },
    proxy_run: { service_key: [stableService, free, "no-such-service"] },
    admin_book_credit: { sponsor_id: [acme.sponsor_id] },
    admin_withdraw_consent: { user_id: [grant.user_id] },
    admin_decide_approval: { user_id: [grant.user_id] },
    admin_resume_session: { session_id: [suspended.session_id] },
  };
  const terms = {
    scopes: GRANT_SCOPES,
    budget_limit_cents: 1,
    expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  };
  const served: Fixtures["served"] = {
    agent_auth: { body: { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 1 } },
    agent_run_service: { path: { service_key: free }, body: { input: { place: "an agent's" } } },
    gpt_run_service: {
      path: { service_key: free },
      body: { session_token: gpt, input: { place: "a GPT's" } },
    },
    sponsor_register_api: {
      body: {
        service_key: "plain",
        name: "Plain",
        description: "Plain",
        categories: ["weather"],
        upstream_url: world.upstream.url("free"),
        upstream_method: "POST",
        price_cents: 0,
        timeout_ms: 1_000,
        input_schema: INPUT_SCHEMA,
      },
    },
    sponsor_get_api: { path: { service_key: free } },
    sponsor_change_api: { path: { service_key: free }, body: { name: "Plainer" } },
    sponsor_get_answer: { path: { answer_id: answers.kept } },
    sponsor_accept_answer: { path: { answer_id: answers.kept } },
    sponsor_reject_answer: { path: { answer_id: answers.rejected }, body: { reason: "other" } },
    sponsor_confirm_deletion: { path: { answer_id: answers.withdrawn } },
    sponsor_try_api: { path: { service_key: tried }, body: { input: { place: "a trial's" } } },
    sponsor_get_trial: { path: { payment_id: trial.body.data.payment.payment_id } },
    sponsor_get_webhook: { path: { endpoint_id: kept } },
    sponsor_change_webhook: { path: { endpoint_id: changed }, body: { active: false } },
    sponsor_delete_webhook: { path: { endpoint_id: deleted } },
    sponsor_rotate_verdict_secret: { path: { campaign_id: judged } },
    sponsor_rotate_webhook_secret: { path: { endpoint_id: kept } },
    sponsor_test_webhook: { path: { endpoint_id: kept } },
    sponsor_list_webhook_deliveries: { path: { endpoint_id: kept } },
    sponsor_replay_webhook: {
      path: { endpoint_id: kept },
      body: { given_up_since: "2026-11-26T00:00:00.000Z" },
    },
    sponsor_get_campaign: { path: { campaign_id: campaigns[0] ?? "" } },
    sponsor_get_api_health: { path: { service_key: free } },
    sponsor_withdraw_from_api: { path: { service_key: priced }, body: { amount_cents: 1 } },
    admin_create_user: {
      body: {
        email: "grace@example.com",
        region: "PT",
        roles: ["developer"],
        tools_used: [],
        attributes: {},
      },
    },
    admin_put_grant: { body: { user_id: victim.user_id, agent_id: victim.agent_id, ...terms } },
    admin_add_operator: { body: { email: operators[1].email, added_by: "the tests" } },
    admin_remove_operator: { path: { operator_id: operators[1].operatorId } },
    admin_resume_session: { path: { session_id: suspended.session_id } },
    admin_decide_approval: {
      path: { approval_id: approval.body.details.approval_id },
      body: { decision: "deny", user_id: grant.user_id },
    },
    admin_withdraw_consent: {
      path: { user_id: grant.user_id, consent_id: consents.body.data.consents[0].consent_id },
    },
    proxy_run: { path: { service_key: stableService }, body: {} },
  };
  const credentials: Fixtures["credentials"] = {
    none: undefined,
    x402: undefined,
    api_key: grant.agent_key,
    session: token,
    sponsor: acme.key,
    admin: ADMIN_KEY,
  };
  return { pool, poolOf, served, credentials };
}

/** An operator with a passkey that nobody holds. */
async function createOperator(world: World): Promise<{ email: string; operatorId: string }> {
  const email = `${randomUUID()}@operators.example`;
  const passkey = {
    ...{ publicKey: "none", credentialID: randomUUID(), counter: 0, deviceType: "singleDevice" },
    backedUp: false,
  };
  await world.db.account.create({
    data: { name: "", email, emailVerified: true, passkeys: { create: passkey } },
  });
  return { email, operatorId: await makeOperator(world, { email }) };
}

/** Answers of three people to a campaign's task, one of them withdrawn. */
async function answersOf(world: World, campaignId: string) {
  const [kept, rejected, withdrawn] = await atOnce(3, () => createRespondent(world));
  if (kept === undefined || rejected === undefined || withdrawn === undefined)
    throw new Error("three people");
  const ids = {
    kept: await kept.answer(campaignId),
    rejected: await rejected.answer(campaignId),
    withdrawn: await withdrawn.answer(campaignId),
  };
  await withdraw(world, withdrawn, campaignId);
  return ids;
}
