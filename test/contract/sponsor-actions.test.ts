import { beforeAll, describe, expect, test } from "vitest";
import { createBuyer } from "../support/buyer.ts";
import { expectSuccess, OPERATIONS } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import type { WireAction } from "../support/next-actions.ts";
import { actionsOf } from "../support/next-actions.ts";
import type { Answer } from "../support/server.ts";
import { rest } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

/** What a sponsor's program is told to call next. It knows its key, and the fields of an API and a campaign. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;

beforeAll(async () => {
  acme = await world.createSponsor("Acme", "0x000000000000000000000000000000000000bEEF");
});

/** The names of an answer's next actions. Expects each to be an operation of sponsors that takes its params. */
function namesIn(answer: Answer): string[] {
  const actions = actionsOf(answer);
  for (const action of actions) {
    const operation = OPERATIONS.find(({ id }) => id === action.operation_id);
    expect(operation, action.operation_id).toMatchObject({
      id: `sponsor_${action.action}`,
      method: action.method,
      auth: "sponsor",
    });
    expect(action.auth).toBe("api_key");
    expect(action.endpoint).not.toContain("{");
    expect(operation?.input.partial().safeParse(action.params).error).toBeUndefined();
  }
  return actions.map(({ action }) => action);
}

/** Performs an action of an answer, with the fields that the program adds. */
async function follow(answer: Answer, name: string, fields: Record<string, unknown> = {}): Promise<Answer> {
  const action = actionsOf(answer).find((each) => each.action === name) as WireAction;
  const { method, endpoint, params } = action;
  const body = { ...params, ...fields };
  return rest(world.url, method, endpoint, {
    token: acme.key,
    ...(method !== "GET" && { body }),
  });
}

const call = (operation: string, input: Record<string, unknown>): Promise<Answer> =>
  world.call(`sponsor.${operation}`, input, acme.key);

const CAMPAIGN = {
  name: "Survey",
  required_task: "One question",
  task_type: "survey",
  task_description: "How do you like it?",
  task_schema: { type: "object", properties: { score: { type: "integer" } }, additionalProperties: false },
  subsidy_per_call_cents: 5,
};

test("a sponsor with nothing is told to register an API and to create a campaign", async () => {
  const newcomer = await world.createSponsor("Newcomer");
  expect(namesIn(await world.call("sponsor.listApis", {}, newcomer.key))).toEqual(["register_api"]);
  expect(namesIn(await world.call("sponsor.listCampaigns", {}, newcomer.key))).toEqual(["create_campaign"]);
});

test("following next actions from an API leads to a funded campaign, its answers and its figures", async () => {
  const service = await world.registerService(acme.key);
  const api = await call("getApi", { service_key: service });
  expect(namesIn(api)).toEqual(["create_campaign", "fund_api", "get_api"]);

  const campaign = await follow(api, "create_campaign", CAMPAIGN);
  const { campaign_id, service_keys } = expectSuccess(campaign) as never;
  expect(service_keys).toEqual([service]);
  expect(namesIn(campaign)).toEqual(["fund_campaign", "list_answers", "get_campaign"]);

  const demand = await follow(campaign, "fund_campaign", { amount_cents: 10 });
  expect(demand.status).toBe(402);
  const buyer = await createBuyer(100_000n);
  const payment = await buyer.sign({ headers: demand.headers, body: demand.body });
  const { endpoint } = actionsOf(campaign)[0] as WireAction;
  const paid = await rest(world.url, "POST", endpoint, {
    token: acme.key,
    body: { amount_cents: 10 },
    headers: payment,
  });
  expect(namesIn(paid)).toEqual(["get_campaign", "list_answers"]);

  const figures = await follow(paid, "get_campaign");
  expect(expectSuccess(figures)).toMatchObject({ campaign_id, budget: { remaining_cents: 10 } });
  expect(namesIn(figures)).toEqual(["list_answers", "get_campaign"]);
  expect(expectSuccess(await follow(figures, "list_answers"))).toMatchObject({ answers: [] });

  const withdrawal = await call("withdrawFromCampaign", { campaign_id, amount_cents: 10 });
  expect(namesIn(withdrawal)).toEqual(["get_withdrawal"]);
  expect(expectSuccess(await follow(withdrawal, "get_withdrawal"))).toMatchObject({ amount_cents: 10 });
});

describe("what is paused", () => {
  test("a paused API and a paused campaign lead to letting them go on", async () => {
    const service = await world.registerService(acme.key);
    const paused = await call("changeApi", { service_key: service, active: false });
    expect(namesIn(paused)).toEqual(["change_api"]);
    expect(expectSuccess(await follow(paused, "change_api"))).toMatchObject({ active: true });

    const id = await world.createCampaign(acme, [service]);
    const stopped = await call("changeCampaign", { campaign_id: id, active: false });
    expect(namesIn(stopped)).toEqual(["change_campaign", "list_answers"]);
    expect(expectSuccess(await follow(stopped, "change_campaign"))).toMatchObject({ active: true });
  });

  test("an archived API leads to registering another one", async () => {
    const service = await world.registerService(acme.key);
    expect(namesIn(await call("archiveApi", { service_key: service }))).toEqual(["register_api"]);
  });
});
