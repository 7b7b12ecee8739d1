import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { connect } from "../../src/client/index.ts";
import { CONSENT, GRANT_SCOPES, TASK_SCHEMA } from "../support/caller.ts";
import { approvingPerson, fillInTask } from "./people.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();
const Echo = z.object({ echo: z.unknown() });

describe("an agent with a grant", () => {
  test("an agent with a grant searches, runs, reads its status, and revokes its session", async () => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions());
    const { services } = await agent.search({ q: "weather", limit: 50 });
    expect(services.map(({ service_key }) => service_key)).toContain(service);

    const { output } = await agent.run(service, { n: 3 }, { parse: (value) => Echo.parse(value) });
    expect(output.echo).toEqual({ n: 3 });

    expect(await agent.status()).toMatchObject({ flow_state: "service_ready", budget: { limit_cents: 50 } });
    await agent.revoke();
    expect(await refusalOf(agent.status())).toMatchObject({ code: "session_revoked", httpStatus: 401 });
    await agent.revoke(); // revoking twice is no error
  });

  test("agent.api calls any procedure with the session attached", async () => {
    const agent = await connect(world.connectOptions());
    const { data, next_actions } = await agent.api.agent.searchServices.query({ limit: 1 });
    expect(data.limit).toBe(1);
    expect(next_actions.length).toBeGreaterThan(0);
    const history = await agent.api.agent.auditHistory.query({});
    expect(history.data.entries[0]?.operation).toBe("agent_search_services");
  });

  test("a run outside the session's scopes opens a wider session inside the grant, with the same budget", async () => {
    const { service } = await world.sponsorService("honest", { categories: ["travel"] });
    const agent = await connect({
      ...world.connectOptions(),
      scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] },
    });
    expect((await agent.run(service, {})).output).toEqual({ echo: {} });
    expect(agent.session).toMatchObject({
      budget_limit_cents: 50,
      scopes: {
        allowed_task_types: ["survey"],
        allowed_data_types: [],
        allowed_categories: ["weather", "travel"],
      },
    });
    expect((await agent.status()).budget).toMatchObject({ limit_cents: 50, spent_cents: 2 });
  });

  test("a run outside the grant asks the person for a wider grant", async () => {
    const { service } = await world.sponsorService("honest", { categories: ["finance"] });
    const scopes = { ...GRANT_SCOPES, allowed_categories: ["weather", "travel", "finance"] };
    const person = approvingPerson(world, world.grant.user_id, { scopes, budgetCents: 50 });
    const agent = await connect({
      ...world.connectOptions(),
      hooks: { onTask: fillInTask, onApproval: person.onApproval },
    });
    expect((await agent.run(service, {})).output).toEqual({ echo: {} });
    expect(person.asked.map(({ kind }) => kind)).toEqual(["grant"]);
    expect(agent.userId).toBe(world.grant.subject);
  });

  test("a task that needs data outside the grant asks the person for a data approval", async () => {
    const task_schema = {
      ...TASK_SCHEMA,
      properties: {
        ...TASK_SCHEMA.properties,
        phone: { type: "string", maxLength: 30, "x-data-type": "phone" },
      },
      required: ["score", "phone"],
    };
    const { service } = await world.sponsorService("honest", {}, { task_schema });
    const person = approvingPerson(world, world.grant.user_id);
    const agent = await connect({
      ...world.connectOptions(),
      hooks: {
        onApproval: person.onApproval,
        onTask: () => ({ taskData: { score: 2, phone: "+351 21 000 0000" }, consent: CONSENT }),
      },
    });
    expect((await agent.run(service, {})).output).toEqual({ echo: {} });
    expect(person.asked).toMatchObject([{ kind: "data", refusal: { details: { missing: ["phone"] } } }]);
  });

  test("a run beyond the session's budget asks the person for one more payment", async () => {
    const { service } = await world.sponsorService();
    const person = approvingPerson(world, world.grant.user_id);
    const hooks = { onTask: fillInTask, onApproval: person.onApproval };
    const agent = await connect({ ...world.connectOptions(), budgetLimitCents: 3, hooks });
    await agent.run(service, { n: 1 });
    await agent.run(service, { n: 2 });
    expect(person.asked).toMatchObject([
      { kind: "budget", refusal: { details: { cost_cents: 2, remaining_cents: 1 } } },
    ]);
    expect(world.upstream.paid()).toHaveLength(2);
  });
});

/** Asks for data that the grant doesn't allow yet. */
const PHONE_SCHEMA = {
  type: "object",
  properties: { phone: { type: "string", maxLength: 30, "x-data-type": "phone" } },
  additionalProperties: false,
};

describe("several runs at once", () => {
  test("several runs at once ask for the task once, and for data consent at most once each", async () => {
    const { service } = await world.sponsorService("honest", { input_schema: PHONE_SCHEMA });
    const person = approvingPerson(world, world.grant.user_id);
    let tasks = 0;
    const agent = await connect({
      ...world.connectOptions(),
      hooks: {
        onApproval: person.onApproval,
        onTask: async (request) => {
          tasks += 1;
          await new Promise((resolve) => setTimeout(resolve, 100));
          return fillInTask(request);
        },
      },
    });
    const phones = ["+351 21 000 0000", "+351 21 000 0001", "+351 21 000 0002"];
    const results = await Promise.all(phones.map((phone) => agent.run(service, { phone })));
    expect(results.map(({ output }) => output)).toEqual(phones.map((phone) => ({ echo: { phone } })));
    expect(tasks).toBe(1);
    // A run that was refused before the first approval can ask after it. So each run asks at most once.
    expect(new Set(person.asked.map(({ kind }) => kind))).toEqual(new Set(["data"]));
    expect(person.asked.length).toBeLessThanOrEqual(phones.length);
  });

  test("a refusal that arrives after the person has decided doesn't ask them again", async () => {
    const { service } = await world.sponsorService("honest", { input_schema: PHONE_SCHEMA });
    const person = approvingPerson(world, world.grant.user_id);
    let refusalIsThere = (): void => undefined;
    const refused = new Promise<void>((resolve) => (refusalIsThere = resolve));
    let letGo = (): void => undefined;
    const decided = new Promise<void>((resolve) => (letGo = resolve));
    const agent = await connect({
      ...world.connectOptions(),
      hooks: { onApproval: person.onApproval, onTask: fillInTask },
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (typeof init?.body === "string" && init.body.includes("late") && response.status === 403) {
          refusalIsThere();
          await decided;
        }
        return response;
      },
    });
    const late = agent.run(service, { phone: "+351 21 000 0000" }, { idempotencyKey: "late" });
    await refused;
    await agent.run(service, { phone: "+351 21 000 0001" });
    letGo();
    await late;
    expect(person.asked.map(({ kind }) => kind)).toEqual(["data"]);
  });

  test("two runs wait for one task: when the first gives up, the second asks for the task itself", async () => {
    const { service } = await world.sponsorService();
    /** One for each time the task was asked for. */
    const submitForms: (() => void)[] = [];
    const agent = await connect({
      ...world.connectOptions(),
      hooks: {
        onTask: (request) => new Promise((resolve) => submitForms.push(() => resolve(fillInTask(request)))),
      },
    });
    const leaving = new AbortController();
    const first = agent.run(service, { n: 1 }, { signal: leaving.signal });
    // The run that gives up must be the run that asked for the task.
    await vi.waitFor(() => expect(submitForms).toHaveLength(1), { timeout: 10_000 });
    const second = agent.run(service, { n: 2 });
    leaving.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    await vi.waitFor(() => expect(submitForms).toHaveLength(2), { timeout: 10_000 });
    submitForms[1]?.();
    expect((await second).output).toEqual({ echo: { n: 2 } });
  });
});

describe("a run that fails before the person is asked", () => {
  test("an input that doesn't fit the schema is refused with each wrong field, before the task is asked for", async () => {
    const { service } = await world.sponsorService();
    const agent = await connect({
      ...world.connectOptions(),
      hooks: { onTask: () => Promise.reject(new Error("asked")) },
    });
    const refused = await refusalOf(agent.run(service, { n: "one", m: 1 }));
    expect(refused).toMatchObject({
      code: "validation_error",
      details: { input_schema: { type: "object" } },
    });
    expect(refused.fieldErrors.map(({ path }) => path).sort()).toEqual(["/input/m", "/input/n"]);
  });

  test("a service out of scope without a sponsor is refused with no_sponsor, and counts no scope violation", async () => {
    const service = await world.registerService(world.sponsor.key, "honest", { categories: ["finance"] });
    const agent = await connect(world.connectOptions());
    for (let tries = 0; tries < 4; tries += 1) {
      const refused = await refusalOf(agent.run(service, {}));
      expect(refused).toMatchObject({ code: "no_sponsor", retryAllowed: false });
      expect(refused.nextActions.map(({ action }) => action)).toContain("search_services");
    }
    await agent.status(); // four violations would have suspended the session
  });
});

describe("a task for the person", () => {
  test("a run without a task hook is refused with task_required and the campaign", async () => {
    const { service, campaignId } = await world.sponsorService();
    const agent = await connect(world.connectOptions({ hooks: {} }));
    const required = await refusalOf(agent.run(service, {}));
    expect(required).toMatchObject({ code: "task_required", httpStatus: 412 });
    expect(required.details).toMatchObject({ campaigns: [{ campaign_id: campaignId, sponsor: "Acme" }] });
    expect(world.upstream.paid()).toHaveLength(0);
  });

  test("a run whose task hook returns nothing fails with task_declined", async () => {
    const { service, campaignId } = await world.sponsorService();
    const agent = await connect(world.connectOptions({ hooks: { onTask: () => undefined } }));
    expect(await refusalOf(agent.run(service, {}))).toMatchObject({
      code: "task_declined",
      details: { campaign_id: campaignId },
    });
    expect(world.upstream.paid()).toHaveLength(0);
  });

  test("answers that don't fit the task are refused with each wrong field", async () => {
    const { service } = await world.sponsorService();
    const onTask = () => ({ taskData: { score: 9 }, consent: CONSENT });
    const agent = await connect({ ...world.connectOptions(), hooks: { onTask } });
    const refused = await refusalOf(agent.run(service, {}));
    expect(refused.code).toBe("validation_error");
    expect(refused.fieldErrors).toMatchObject([{ path: "/task_data/score", keyword: "maximum" }]);
  });
});
