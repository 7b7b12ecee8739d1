import { expect, test } from "vitest";
import { conciseAnswer } from "../../src/api/response/concise/index.ts";
import { OPERATIONS } from "../support/call.ts";
import { signInWithGpt } from "../support/gpt.ts";
import { connectNew } from "../support/mcp.ts";
import { useWorld } from "../support/use-world.ts";

/** Answers made for models: short by default, whole when asked. */

const world = useWorld();

const manyServices = async () => {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  for (let n = 0; n < 7; n += 1) await world.offerService();
  return connectNew("2026-07-28")({ url: () => world.url, token });
};
const servicesOf = ({ structured }: { structured: Record<string, unknown> | undefined }) =>
  structured?.["services"] as Record<string, unknown>[];

test("a list has five entries and says how many more there are, unless the call chose a number or asks for all", async () => {
  const host = await manyServices();
  const short = await host.call("search_services");
  expect(servicesOf(short)).toHaveLength(5);
  expect(short.structured).toMatchObject({ services_left_out: 2, total_count: 7 });
  expect(Object.values(servicesOf(short)[0] ?? {})).not.toContain(null);
  expect(servicesOf(await host.call("search_services", { limit: 6 }))).toHaveLength(6);
  const full = await host.call("search_services", { detail: "full" });
  expect(servicesOf(full)).toHaveLength(7);
  // Hosts of MCP don't read sponsors' words, so there are empty fields.
  expect(Object.values(servicesOf(full)[0] ?? {})).toContain(null);
  await host.close();
});

test("another detail is refused at its field, and nothing is done", async () => {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  const host = await connectNew("2026-07-28")({ url: () => world.url, token });
  const preferences = [{ task_type: "survey", level: "avoided" }];
  const refused = await host.call("set_preferences", { preferences, detail: "everything" });
  expect(JSON.parse(refused.content[0]?.text ?? "")).toMatchObject({
    error_code: "validation_error",
    field_errors: [{ path: "/detail", keyword: "enum" }],
  });
  expect(await world.db.userTaskPreference.count({ where: { userId: grant.user_id } })).toBe(0);
  await host.close();
});

const schema = { type: "object", required: ["place"], properties: { place: { type: "string" } } };
const run = (key: string) => ({
  ...{ action: "run_service", method: "POST", endpoint: `/agent/services/${key}/run`, auth: "session" },
  ...{
    operation_id: "agent_run_service",
    params: {},
    description: "Run the service at the sponsor's expense.",
  },
  params_schema: {
    ...{ type: "object", required: ["input"] },
    properties: { input: { ...schema, "x-written-by": "sponsor" } },
  },
});
const shortened = (id: string, data: object, next_actions: object[] = []): Record<string, unknown> => {
  const operation = OPERATIONS.find((one) => one.id === id);
  if (operation === undefined) throw new Error(`there is no ${id}`);
  const answer = { status: "success", data, next_actions };
  return conciseAnswer(operation, answer, { choseLimit: false }) as Record<string, unknown>;
};

test("empty fields are left out, and outputs, schemas and an answer's own empty lists stay as they are", () => {
  const data = {
    ...{ payment: { sponsored_by: null, status: "settled" }, output: [{ empty: null }], pending: [] },
    services: [{ service_key: "a", name: null, tags: [], input_schema: schema }],
  };
  expect(shortened("agent_run_service", data)["data"]).toEqual({
    ...{ payment: { status: "settled" }, output: [{ empty: null }], pending: [] },
    services: [{ service_key: "a", input_schema: schema }],
  });
});

test("a schema that the next action about the same service has isn't repeated, and another's is", () => {
  const services = [
    { service_key: "a", input_schema: schema },
    { service_key: "b", input_schema: schema },
    { service_key: "c", input_schema: { ...schema, description: "The sponsor's words" } },
  ];
  const { data, next_actions } = shortened("agent_search_services", { services }, [run("a"), run("c")]);
  expect(data).toEqual({ services: [{ service_key: "a" }, ...services.slice(1)] });
  const { params: _none, auth: _session, description: _usual, operation_id: _agents, ...action } = run("a");
  expect((next_actions as object[])[0]).toEqual(action);
});

test("a next action keeps what isn't usual", () => {
  const actions = [
    { ...run("a"), params: { campaign_id: "c" }, description: "Try another sponsor." },
    { ...run("a"), action: "pay_directly", auth: "x402" },
  ];
  const { auth: _session, operation_id: _agents, ...first } = actions[0] ?? {};
  const { params: _none, ...second } = actions[1] ?? {};
  expect(shortened("agent_plan_service", {}, actions)["next_actions"]).toEqual([first, second]);
});

test("REST and tRPC are concise if a header asks for it, and a GPT if its input does; the contract's fields stay else", async () => {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  const { service } = await world.offerService();
  const input = { q: service };
  const header = { "x-tollfree-detail": "concise" };
  for (const transport of ["rest", "trpc"] as const) {
    const call = (headers: Record<string, string>) =>
      world.call("agent.searchServices", input, token, transport, headers);
    const full = (await call({})).body;
    const concise = (await call(header)).body;
    expect(full.data.services[0]).toMatchObject({ active: true, required_task: "One question" });
    expect(full.next_actions.at(-1)).toMatchObject({ auth: "session", params: {} });
    expect(concise.data.services[0]).toMatchObject({ service_key: service, required_task: "One question" });
    expect(concise.data.services[0]).not.toHaveProperty("active");
    expect(concise.next_actions.at(-1)).toEqual({ action: "flow_status", endpoint: "/agent/flow/status" });
  }
  const gpt = await signInWithGpt(world, grant, { budget_limit_cents: 10 });
  const asGpt = async (detail: string) =>
    (
      await world.rest("GET", `/gpt/services?q=${service}&session_token=${gpt}${detail}`, {
        token: grant.agent_key,
      })
    ).body;
  expect((await asGpt("")).services[0]).toMatchObject({ active: true, name: null });
  expect((await asGpt("")).next_actions[0].params).toMatchObject({ session_token: gpt });
  const short = await asGpt("&detail=concise");
  expect(short).toMatchObject({
    next_actions: expect.any(Array) as object[],
    message: expect.any(String) as string,
  });
  expect(short).not.toHaveProperty("services");
  expect(JSON.stringify(short)).not.toContain(gpt);
  expect(await asGpt("&detail=short")).toMatchObject({
    field_errors: [{ path: "/detail", keyword: "enum" }],
  });
});

test("a refusal is concise, too", async () => {
  const { token } = await world.openSession(await world.createGrant());
  const { service } = await world.offerService();
  const refuse = (headers: Record<string, string>) =>
    world.call("agent.runService", { service_key: service }, token, "rest", headers);
  expect((await refuse({})).body.next_actions[0]).toMatchObject({ action: "get_task", method: "GET" });
  const { body } = await refuse({ "x-tollfree-detail": "concise" });
  expect(body).toMatchObject({ error_code: "task_required", request_id: expect.any(String) as string });
  expect(body.next_actions[0]).toMatchObject({ action: "get_task" });
  expect(body.next_actions[0]).not.toHaveProperty("method");
});
