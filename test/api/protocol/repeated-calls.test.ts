import { beforeAll, describe, expect, test } from "vitest";
import { expectRefused, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

/** Calls that are refused before they begin still say what to do next. */

const world = useWorld({ upstreamFor: "all tests" });
let grant: GrantOfUser;
let token: string;
let service: string;

beforeAll(async () => {
  const acme = await world.createSponsor();
  service = await world.registerService(acme.key);
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

interface Action {
  action: string;
  endpoint: string;
  operation_id: string;
  params: Record<string, unknown>;
  params_schema?: { properties: Record<string, unknown>; required?: string[] };
}
const actionsOf = ({ next_actions }: Record<string, unknown>) => next_actions as Action[];

describe.each(TRANSPORTS)("a refused input, over %s", (transport) => {
  const refused = async (name: string, input: Record<string, unknown>, key = token) =>
    actionsOf(expectRefused(await world.call(name, input, key, transport), 400, "validation_error"));

  test("leads to the same call, with its path and the schema of its fields", async () => {
    const input = { service_key: service, max_cost_cents: -1 };
    const [again, ...others] = await refused("agent.runService", input);
    expect(others).toEqual([]);
    expect(again).toMatchObject({
      ...{ action: "run_service", operation_id: "agent_run_service", params: {} },
      endpoint: `/agent/services/${service}/run`,
    });
    expect(Object.keys(again?.params_schema?.properties ?? {}).toSorted()).toEqual([
      "campaign_id",
      "idempotency_key",
      "input",
      "max_cost_cents",
    ]);
  });

  test("doesn't repeat what was sent", async () => {
    const actions = await refused("agent.searchServices", { q: "ada@example.com", limit: 0 });
    expect(actions).toMatchObject([{ action: "search_services", params: {} }]);
    expect(JSON.stringify(actions)).not.toContain("ada@example.com");
  });

  test("of a first call leads to it with the schema and the defaults of its fields", async () => {
    const [again] = await refused("agent.auth", { budget_limit_cents: -1 }, grant.agent_key);
    expect(again).toMatchObject({
      ...{ action: "auth", endpoint: "/agent/auth" },
      params_schema: { required: ["scopes", "budget_limit_cents"] },
    });
  });

  test("leads on, too, where the call is no action", async () => {
    const actions = await refused("agent.revokeSession", { unknown: 1 });
    expect(actions).toMatchObject([{ action: "flow_status" }]);
  });

  test("of a sponsor has no actions of agents", async () => {
    const sponsor = await world.createSponsor();
    expect(await refused("sponsor.listCampaigns", { limit: 0 }, sponsor.key)).toEqual([]);
  });

  test.each(["agent.auth", "agent.searchServices", "agent.flowStatus", "agent.getApproval"])(
    "without a credential, %s leads to auth and its fields",
    async (name) => {
      const input = name === "agent.getApproval" ? { approval_id: grant.grant_id } : {};
      const body = expectRefused(await world.call(name, input, undefined, transport), 401, "unauthorized");
      expect(actionsOf(body)).toMatchObject([
        { action: "auth", params: {}, params_schema: { required: ["scopes", "budget_limit_cents"] } },
      ]);
    },
  );
});

test("a GPT's refused input leads to its own operation", async () => {
  const { body } = await world.rest("GET", "/gpt/services?limit=0", { token: grant.agent_key });
  expect(body).toMatchObject({
    error_code: "validation_error",
    next_actions: [
      { action: "search_services", operation_id: "gpt_search_services", endpoint: "/gpt/services" },
    ],
  });
  const schema = actionsOf(body as Record<string, unknown>)[0]?.params_schema;
  expect(schema?.properties).toHaveProperty("limit");
  expect(schema?.properties).not.toHaveProperty("session_token");
});

test("a GPT without a key is led to auth", async () => {
  const { body } = await world.rest("GET", "/gpt/services");
  expect(body).toMatchObject({ error_code: "unauthorized", next_actions: [{ operation_id: "gpt_auth" }] });
});

test("concise and quiet answers have the same actions", async () => {
  const headers = { "X-Tollfree-Detail": "concise", "X-Tollfree-Quiet": "1" };
  const { body } = await world.rest("POST", `/agent/services/${service}/run`, {
    ...{ token, headers, body: { max_cost_cents: -1 } },
  });
  expect(actionsOf(body as Record<string, unknown>)).toMatchObject([
    {
      action: "run_service",
      params_schema: { properties: { max_cost_cents: expect.any(Object) as object } },
    },
  ]);
});
