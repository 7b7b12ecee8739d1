import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { next } from "../../src/core/protocol/next-actions.ts";
import type { Profile } from "../../src/demo/fill-schema.ts";
import { call } from "../support/call.ts";
import type { WireAction } from "../support/next-actions.ts";
import { actionsOf, expectResolves, perform } from "../support/next-actions.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  admin,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  openSession,
  registerApi,
} from "../support/world.ts";

/** R1.3: an agent that only follows next actions must never be led to where nothing is. */

let server: TestServer;
let upstream: Upstream;

beforeAll(async () => {
  server = await startTestServer({ confirmWaitMs: 200 });
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

const PROFILE: Profile = {
  byName: { score: 4, data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
  byDataType: { region: "Minho" },
};

/** Answers that mean that an action led to nowhere, or was no call at all. */
const DEAD_ENDS = new Set([
  "validation_error",
  "invalid_json",
  "invalid_request",
  "not_found",
  "method_not_allowed",
  "internal_error",
]);

test("following every next action there is, from first contact on, never leads nowhere", async () => {
  const acme = await createSponsor(server.url);
  const api = (behaviour: "honest" | "liar", category: string) =>
    registerApi(server.url, acme.key, upstream, behaviour, { categories: [category] });
  const honest = await api("honest", "weather");
  const liar = await api("liar", "travel");
  const finance = await api("honest", "finance");
  await createCampaign(server.url, acme, [honest]);
  await createCampaign(server.url, acme, [honest], { task_type: "registration" });
  const credit = { service_key: liar, amount_cents: 10, reference: randomUUID() };
  await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, credit);

  const unsponsored = await registerApi(server.url, acme.key, upstream);
  const grant = await createGrant(server.url);
  const { token } = await openSession(server.url, grant);
  const wish = { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 20 };
  const wider = { ...EVERYTHING, allowed_data_types: ["phone"] };
  // Something pending, something to decide and something refused, so that those are led to as well.
  const first = [
    await call(server.url, "agent.auth", wish, grant.agent_key),
    await call(server.url, "agent.auth", { ...wish, scopes: wider }, grant.agent_key),
    await call(server.url, "agent.searchServices", { category: "finance" }, token),
    await call(server.url, "agent.searchServices", { limit: 1 }, token),
    await call(server.url, "agent.runService", { service_key: liar }, token),
    await call(server.url, "agent.runService", { service_key: finance }, token),
    await call(server.url, "agent.runService", { service_key: unsponsored }, token),
  ];

  const queue: WireAction[] = first.flatMap(actionsOf);
  const known = new Set<string>();
  const performed: string[] = [];
  for (let action = queue.shift(); action !== undefined && performed.length < 80; action = queue.shift()) {
    expectResolves(action, PROFILE);
    const call_ = JSON.stringify([action.method, action.endpoint, action.params]);
    if (known.has(call_)) continue;
    known.add(call_);
    // A session of its own for each, so that none of them is over its limits.
    const session = (await openSession(server.url, grant)).token;
    const answer = await perform(server.url, action, PROFILE, { session, apiKey: grant.agent_key });
    const code = String(answer.body.error_code ?? answer.body.status);
    expect(DEAD_ENDS.has(code), `${call_} was answered ${JSON.stringify(answer.body)}`).toBe(false);
    performed.push(action.action);
    queue.push(...actionsOf(answer));
  }

  // The crawl came to its end by itself, and did everything an agent can be told to do.
  expect(queue).toEqual([]);
  const names = Object.keys(next).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  const unseen = names.filter((name) => !performed.includes(name));
  expect(unseen).toEqual(unseen.filter((name) => name === "plan_service"));
  const settled = await server.deps.db.payment.count({
    where: { grantId: grant.grant_id, status: "settled" },
  });
  expect(settled).toBeGreaterThanOrEqual(1);
});
