import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { next } from "../../src/core/protocol/next-actions.ts";
import { EVERYTHING } from "../support/caller.ts";
import type { WireAction } from "../support/next-actions.ts";
import { actionsOf, expectResolves, perform } from "../support/next-actions.ts";
import { useWorld } from "../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests", confirmWaitMs: 200 });

/** Error codes that mean that a next action was wrong. */
const DEAD_ENDS = new Set([
  "validation_error",
  "invalid_json",
  "invalid_request",
  "not_found",
  "method_not_allowed",
  "internal_error",
]);

test("following every next action from first contact on never leads to a wrong call (R1.3)", async () => {
  const acme = await world.createSponsor();
  const register = (behaviour: "honest" | "liar", category: string) =>
    world.registerService(acme.key, behaviour, { categories: [category] });
  const honest = await register("honest", "weather");
  const liar = await register("liar", "travel");
  const finance = await register("honest", "finance");
  await world.createCampaign(acme, [honest]);
  await world.createCampaign(acme, [honest], { task_type: "registration" });
  const credit = { service_key: liar, amount_cents: 10, reference: randomUUID() };
  await world.admin(`/admin/sponsors/${acme.sponsor_id}/credits`, credit);

  const unsponsored = await world.registerService(acme.key);
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  const wanted = { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 20 };
  const wider = { ...EVERYTHING, allowed_data_types: ["phone"] };
  // These answers include a pending payment, an open approval and refusals, so the crawl reaches their actions
  // too.
  const firstAnswers = [
    await world.call("agent.auth", wanted, grant.agent_key),
    await world.call("agent.auth", { ...wanted, scopes: wider }, grant.agent_key),
    await world.call("agent.searchServices", { category: "finance" }, token),
    await world.call("agent.searchServices", { limit: 1 }, token),
    await world.call("agent.runService", { service_key: liar }, token),
    await world.call("agent.runService", { service_key: finance }, token),
    await world.call("agent.runService", { service_key: unsponsored }, token),
  ];

  const queue: WireAction[] = firstAnswers.flatMap(actionsOf);
  const seenCalls = new Set<string>();
  const performed: string[] = [];
  for (let action = queue.shift(); action !== undefined && performed.length < 80; action = queue.shift()) {
    expectResolves(action);
    const call = JSON.stringify([action.method, action.endpoint, action.params]);
    if (seenCalls.has(call)) continue;
    seenCalls.add(call);
    // Each action gets a new session, so that no session reaches its limits.
    const session = (await world.openSession(grant)).token;
    const answer = await perform(world.url, action, { session, apiKey: grant.agent_key });
    const code = String(answer.body.error_code ?? answer.body.status);
    expect(DEAD_ENDS.has(code), `${call} was answered ${JSON.stringify(answer.body)}`).toBe(false);
    performed.push(action.action);
    queue.push(...actionsOf(answer));
  }

  // The queue is empty, so the crawl wasn't cut at 80 actions. It performed every kind of action.
  expect(queue).toEqual([]);
  const names = Object.keys(next).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  const notPerformed = names.filter((name) => !performed.includes(name) && name !== "plan_service");
  expect(notPerformed).toEqual([]);
  const settled = await world.db.payment.count({
    where: { grantId: grant.grant_id, status: "settled" },
  });
  expect(settled).toBeGreaterThanOrEqual(1);
});
