import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBuyer } from "../support/buyer.ts";
import { expectSuccess } from "../support/call.ts";
import { Caller, EVERYTHING, GRANT_SCOPES } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { signInWithGpt } from "../support/gpt.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { daysFromNow } from "../support/time.ts";
import { useWorld } from "../support/use-world.ts";

/**
 * The whole flow through Prism, which compares each request and each answer with the document and answers in their
 * place if one doesn't fit.
 */

const world = useWorld({ upstreamFor: "all tests" });
const PRISM = path.join(import.meta.dirname, "node_modules/@stoplight/prism-cli/dist/index.js");

interface Prism {
  caller: Caller;
  child: ChildProcess;
  output: () => string;
}
let agents: Prism;
let gpts: Prism;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startPrism(document: string): Promise<Prism> {
  const port = await freePort();
  const file = path.resolve(import.meta.dirname, "../../openapi", `${document}.json`);
  const child = spawn(process.execPath, [PRISM, "proxy", file, world.url, "--errors", "-p", String(port)]);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  await eventually(async () => {
    if (child.exitCode !== null || !output.includes("Prism is listening")) throw new Error(output);
  }, 60_000);
  return { caller: new Caller(`http://127.0.0.1:${port}`), child, output: () => output };
}

beforeAll(async () => {
  [agents, gpts] = await Promise.all([startPrism("openapi"), startPrism("gpt")]);
});
afterAll(() => {
  for (const { child } of [agents, gpts]) child.kill();
});

const expectNoViolations = ({ output }: Prism): void => {
  expect(output()).toContain("Request received");
  expect(output().match(/.*violation.*/gi) ?? []).toEqual([]);
};

test("a sponsor and an agent go the whole way", async () => {
  const { caller } = agents;
  const wallet = (await createBuyer(1_000_000n)).wallet.address;
  const acme = await caller.createSponsor("Acme", wallet);
  const service = await caller.registerApi(acme.key, world.upstream);
  const campaignId = await caller.createCampaign(acme, [service], { fundCents: 100 });
  const asSponsor = async (method: string, route: string, body?: object) =>
    expectSuccess(await caller.rest(method, route, { token: acme.key, ...(body !== undefined && { body }) }));

  const grant = await caller.createGrant();
  const refused = await caller.rest("POST", "/agent/auth", {
    token: grant.agent_key,
    body: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 500 },
  });
  expect(refused).toMatchObject({ status: 403, body: { error_code: "consent_required" } });
  const { approval_id } = refused.body.details as { approval_id: string };
  expectSuccess(await caller.rest("GET", `/agent/approvals/${approval_id}`, { token: grant.agent_key }));
  const decided = await caller.approve(approval_id, grant.user_id, {
    scopes: GRANT_SCOPES,
    budget_limit_cents: 100,
    expires_at: daysFromNow(3),
  });
  expectSuccess(decided);
  const { token } = await caller.openSession(grant);
  const asAgent = (method: string, route: string, body?: object) =>
    caller.rest(method, `/agent${route}`, { token, ...(body !== undefined && { body }) });

  expectSuccess(await asAgent("GET", "/services?intent=weather&limit=5"));
  expect((await asAgent("POST", `/services/${service}/run`, { input: { n: 1 } })).status).toBe(412);
  expectSuccess(await asAgent("POST", `/services/${service}/plan`, { input: { n: 1 } }));
  expectSuccess(await asAgent("GET", `/tasks/${campaignId}`));
  await caller.completeTask(token, campaignId);
  const { payment } = expectSuccess(await asAgent("POST", `/services/${service}/run`, { input: { n: 1 } }));
  expectSuccess(await asAgent("GET", `/payments/${(payment as { payment_id: string }).payment_id}`));
  for (const route of ["/flow/status", "/audit/history"]) expectSuccess(await asAgent("GET", route));
  expect((await asAgent("GET", `/tasks/${crypto.randomUUID()}`)).status).toBe(404);
  expect((await asAgent("POST", "/services/none/run", { input: {} })).status).toBe(404);

  for (const route of [
    "/sponsor/apis",
    `/sponsor/apis/${service}`,
    "/sponsor/campaigns",
    `/sponsor/campaigns/${campaignId}`,
    `/sponsor/campaigns/${campaignId}/answers`,
  ])
    await asSponsor("GET", route);
  await asSponsor("PATCH", `/sponsor/apis/${service}`, { name: "Weather of today", repin: true });
  const { withdrawal } = await asSponsor("POST", `/sponsor/campaigns/${campaignId}/withdraw`, {
    amount_cents: 10,
  });
  const { withdrawal_id } = withdrawal as { withdrawal_id: string };
  await eventually(async () => {
    const seen = await asSponsor("GET", `/sponsor/withdrawals/${withdrawal_id}`);
    expect(seen).toMatchObject({ status: "settled" });
  });
  expect(await balanceOf(wallet)).toBe(1_100_000n);

  for (const list of ["users", "agents", "sponsors", "approvals", "sessions", "payments"])
    expectSuccess(await caller.rest("GET", `/admin/${list}`, { token: ADMIN_KEY }));
  expectSuccess(await asAgent("DELETE", "/session"));
  expect((await asAgent("GET", "/flow/status")).status).toBe(401);
  expectNoViolations(agents);
});

test("a stock client buys a run and funds a campaign", async () => {
  const { caller } = agents;
  const buyer = await createBuyer(1_000_000n);
  const acme = await caller.createSponsor();
  const service = await caller.registerApi(acme.key, world.upstream);
  const campaignId = await caller.createCampaign(acme, [service], { fundCents: 0 });

  const run = `${caller.url}/proxy/${service}/run`;
  const asked = await caller.rest("POST", `/proxy/${service}/run`, { body: { input: { n: 7 } } });
  expect(asked.status).toBe(402);
  expect(asked.headers.get("payment-required")).not.toBeNull();
  const bought = await buyer.post(run, { input: { n: 7 } });
  expect(bought.status).toBe(200);
  expect(bought.headers.get("payment-response")).not.toBeNull();
  expect(await bought.json()).toEqual({ echo: { n: 7 } });

  const fund = `${caller.url}/sponsor/campaigns/${campaignId}/fund`;
  const funded = await buyer.post(fund, { amount_cents: 25 }, { authorization: `Bearer ${acme.key}` });
  expect(funded.status).toBe(200);
  expect(await funded.json()).toMatchObject({ data: { budget: { limit_cents: 25 } } });
  const opened = `${caller.url}/sponsor/apis/${service}/fund`;
  expect(
    (await buyer.post(opened, { amount_cents: 5 }, { authorization: `Bearer ${acme.key}` })).status,
  ).toBe(200);
  expectNoViolations(agents);
});

test("a GPT goes the whole way, by its own document", async () => {
  const { caller } = gpts;
  const { service, campaignId } = await world.offerService();
  const token = await signInWithGpt(world, await world.createGrant());
  const asGpt = async (method: string, route: string, body?: object) => {
    const answer = await caller.rest(method, `/gpt${route}`, { token, ...(body !== undefined && { body }) });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as Record<string, unknown>;
  };
  for (const route of ["/preferences", "/user/record", "/services?limit=5", "/user/status"])
    await asGpt("GET", route);
  await asGpt("GET", `/tasks/${campaignId}`);
  const consent = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };
  await asGpt("POST", `/tasks/${campaignId}/complete`, { task_data: { score: 4 }, consent });
  expect(await asGpt("POST", `/services/${service}/run`, { input: { n: 1 } })).toMatchObject({
    payment: { amount_cents: 2 },
  });
  expect((await caller.rest("GET", `/gpt/tasks/${crypto.randomUUID()}`, { token })).status).toBe(404);
  expectNoViolations(gpts);
});
