import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { TaskRequest } from "../../src/client/index.ts";
import { connect } from "../../src/client/index.ts";
import { CONSENT, createUser, GRANT_SCOPES, registerApi, TASK_SCHEMA } from "../support/world.ts";
import { answering, newcomer, unwilling, willing } from "./people.ts";
import { refusalOf } from "./refusal.ts";
import { clientWorld } from "./world.ts";

const world = clientWorld();
const Echo = z.object({ echo: z.unknown() });

describe("first contact", () => {
  it("asks the person, gets the task done, and comes back with the resource", async () => {
    const { service, campaignId } = await world.sponsored();
    const user = await createUser(world.url);
    const apiKey = await newcomer(world.url);
    const person = willing(world.url, user, { budgetCents: 30 });
    const tasks: TaskRequest[] = [];

    const agent = await connect({
      url: world.url,
      apiKey,
      budgetLimitCents: 30,
      hooks: {
        onApproval: (request) => person.onApproval(request),
        onTask: (request) => {
          tasks.push(request);
          return { taskData: { score: 5, region: "Portugal" }, consent: CONSENT };
        },
      },
    });
    const result = await agent.run(service, { n: 1 });

    expect(person.seen).toMatchObject([
      {
        kind: "grant",
        approvalUrl: `${world.url}/approvals/${String(person.seen[0]?.approvalId)}`,
        userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
        refusal: { code: "consent_required" },
      },
    ]);
    expect(tasks).toMatchObject([
      { service, schema: TASK_SCHEMA, dataTypes: ["region"], task: { campaign_id: campaignId } },
    ]);
    expect(tasks[0]?.purpose).toBe(tasks[0]?.task.purpose);
    expect(result).toMatchObject({
      output: { echo: { n: 1 } },
      contentType: "application/json",
      payment: { status: "settled", sponsored_by: "Acme", campaign_id: campaignId, amount_cents: 2 },
      metadata: { cost_cents: 2, budget_remaining_cents: 28, upstream_status: 200 },
    });
    expect(agent.session).toMatchObject({ user_id: agent.userId, scopes: GRANT_SCOPES });
    expect(agent.session).not.toHaveProperty("session_token");

    // What is kept of it is enough to come back without asking anybody.
    const again = await connect({ url: world.url, apiKey, userId: agent.userId, budgetLimitCents: 10 });
    expect((await again.run(service, { n: 2 })).output).toEqual({ echo: { n: 2 } });
  });

  it("takes the session as far as the person granted it", async () => {
    const apiKey = await newcomer(world.url);
    const narrow = { ...GRANT_SCOPES, allowed_data_types: [] };
    const person = willing(world.url, await createUser(world.url), { scopes: narrow, budgetCents: 7 });
    const agent = await connect({ url: world.url, apiKey, budgetLimitCents: 500, hooks: person });
    expect(agent.session).toMatchObject({ scopes: narrow, budget_limit_cents: 7 });
  });

  it("says so when the person says no, or nobody is there to ask", async () => {
    const apiKey = await newcomer(world.url);
    const person = unwilling(world.url, await createUser(world.url));
    const denied = await refusalOf(connect({ url: world.url, apiKey, hooks: person }));
    expect(denied).toMatchObject({
      code: "approval_denied",
      details: { approval_id: person.seen[0]?.approvalId },
    });
    const unasked = await refusalOf(connect({ url: world.url, apiKey }));
    expect(unasked).toMatchObject({ code: "consent_required", retryAllowed: true, httpStatus: 403 });
    expect(unasked.nextActions[0]).toMatchObject({ action: "get_approval" });
  });

  it("stops waiting when it is told to, or when the question can't be shown", async () => {
    const apiKey = await newcomer(world.url);
    const stop = new AbortController();
    const waiting = connect({
      url: world.url,
      apiKey,
      signal: stop.signal,
      hooks: { onApproval: () => stop.abort(new Error("closed the window")) },
    });
    await expect(waiting).rejects.toThrow("closed the window");
    const broken = connect({
      url: world.url,
      apiKey,
      hooks: { onApproval: () => Promise.reject(new Error("no screen")) },
    });
    await expect(broken).rejects.toThrow("no screen");
  });
});

describe("a standing grant", () => {
  it("searches, runs, tells the state, and ends", async () => {
    const { service } = await world.sponsored();
    const agent = await connect(world.standing());
    const { services } = await agent.search({ q: "weather", limit: 50 });
    expect(services.map(({ service_key }) => service_key)).toContain(service);

    const { output } = await agent.run(service, { n: 3 }, { parse: (value) => Echo.parse(value) });
    expect(output.echo).toEqual({ n: 3 });

    expect(await agent.status()).toMatchObject({ flow_state: "service_ready", budget: { limit_cents: 50 } });
    await agent.revoke();
    expect(await refusalOf(agent.status())).toMatchObject({ code: "session_revoked", httpStatus: 401 });
    await agent.revoke(); // ending what has ended is no error
  });

  it("offers every procedure, with the session attached", async () => {
    const agent = await connect(world.standing());
    const { data, next_actions } = await agent.api.agent.searchServices.query({ limit: 1 });
    expect(data.limit).toBe(1);
    expect(next_actions.length).toBeGreaterThan(0);
    const history = await agent.api.agent.auditHistory.query({});
    expect(history.data.entries[0]?.operation).toBe("agent_search_services");
  });

  it("opens a wider session where the grant allows it, with no more budget", async () => {
    const { service } = await world.sponsored("honest", { categories: ["travel"] });
    const agent = await connect({
      ...world.standing(),
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

  it("asks the person for a grant that covers more", async () => {
    const { service } = await world.sponsored("honest", { categories: ["finance"] });
    const scopes = { ...GRANT_SCOPES, allowed_categories: ["weather", "travel", "finance"] };
    const person = willing(world.url, world.grant.user_id, { scopes, budgetCents: 50 });
    const agent = await connect({
      ...world.standing(),
      hooks: { onTask: answering, onApproval: person.onApproval },
    });
    expect((await agent.run(service, {})).output).toEqual({ echo: {} });
    expect(person.seen.map(({ kind }) => kind)).toEqual(["grant"]);
    expect(agent.userId).toBe(world.grant.subject);
  });

  it("asks for consent to send what the grant doesn't name, and adds it to the grant", async () => {
    const task_schema = {
      ...TASK_SCHEMA,
      properties: {
        ...TASK_SCHEMA.properties,
        phone: { type: "string", maxLength: 30, "x-data-type": "phone" },
      },
      required: ["score", "phone"],
    };
    const { service } = await world.sponsored("honest", {}, { task_schema });
    const person = willing(world.url, world.grant.user_id);
    const agent = await connect({
      ...world.standing(),
      hooks: {
        onApproval: person.onApproval,
        onTask: () => ({ taskData: { score: 2, phone: "+351 21 000 0000" }, consent: CONSENT }),
      },
    });
    expect((await agent.run(service, {})).output).toEqual({ echo: {} });
    expect(person.seen).toMatchObject([{ kind: "data", refusal: { details: { missing: ["phone"] } } }]);
  });

  it("asks for one more payment where the budget is used up", async () => {
    const { service } = await world.sponsored();
    const person = willing(world.url, world.grant.user_id);
    const hooks = { onTask: answering, onApproval: person.onApproval };
    const agent = await connect({ ...world.standing(), budgetLimitCents: 3, hooks });
    await agent.run(service, { n: 1 });
    await agent.run(service, { n: 2 });
    expect(person.seen).toMatchObject([
      { kind: "budget", refusal: { details: { cost_cents: 2, remaining_cents: 1 } } },
    ]);
    expect(world.upstream.paid()).toHaveLength(2);
  });
});

describe("several runs at once", () => {
  it("ask the person once, for the task as for their consent", async () => {
    const input_schema = {
      type: "object",
      properties: { phone: { type: "string", maxLength: 30, "x-data-type": "phone" } },
      additionalProperties: false,
    };
    const { service } = await world.sponsored("honest", { input_schema });
    const person = willing(world.url, world.grant.user_id);
    let tasks = 0;
    const agent = await connect({
      ...world.standing(),
      hooks: {
        onApproval: person.onApproval,
        onTask: async (request) => {
          tasks += 1;
          await new Promise((resolve) => setTimeout(resolve, 100));
          return answering(request);
        },
      },
    });
    const phones = ["+351 21 000 0000", "+351 21 000 0001", "+351 21 000 0002"];
    const results = await Promise.all(phones.map((phone) => agent.run(service, { phone })));
    expect(results.map(({ output }) => output)).toEqual(phones.map((phone) => ({ echo: { phone } })));
    expect(tasks).toBe(1);
    // A run that was refused before the first yes, and asks only after it, asks anew: at most once each.
    expect(new Set(person.seen.map(({ kind }) => kind))).toEqual(new Set(["data"]));
    expect(person.seen.length).toBeLessThanOrEqual(phones.length);
  });

  it("don't hold each other up when one gives up", async () => {
    const { service } = await world.sponsored();
    const forms: (() => void)[] = [];
    const agent = await connect({
      ...world.standing(),
      hooks: {
        onTask: (request) => new Promise((resolve) => forms.push(() => resolve(answering(request)))), // until it is filled in
      },
    });
    const leave = new AbortController();
    const first = agent.run(service, { n: 1 }, { signal: leave.signal });
    // The one that gives up has to be the one that asked.
    await vi.waitFor(() => expect(forms).toHaveLength(1), { timeout: 10_000 });
    const second = agent.run(service, { n: 2 });
    leave.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    await vi.waitFor(() => expect(forms).toHaveLength(2), { timeout: 10_000 });
    forms[1]?.();
    expect((await second).output).toEqual({ echo: { n: 2 } });
  });
});

describe("before anybody is asked anything", () => {
  it("refuses a bad input, naming each field", async () => {
    const { service } = await world.sponsored();
    const agent = await connect({
      ...world.standing(),
      hooks: { onTask: () => Promise.reject(new Error("asked")) },
    });
    const refused = await refusalOf(agent.run(service, { n: "one", m: 1 }));
    expect(refused).toMatchObject({
      code: "validation_error",
      details: { input_schema: { type: "object" } },
    });
    expect(refused.fieldErrors.map(({ path }) => path).sort()).toEqual(["/input/m", "/input/n"]);
  });

  it("says why nobody pays, without a scope violation", async () => {
    const service = await registerApi(world.url, world.acme.key, world.upstream, "honest", {
      categories: ["finance"],
    });
    const agent = await connect(world.standing());
    for (let tries = 0; tries < 4; tries += 1) {
      const refused = await refusalOf(agent.run(service, {}));
      expect(refused).toMatchObject({ code: "no_sponsor", retryAllowed: false });
      expect(refused.nextActions.map(({ action }) => action)).toContain("search_services");
    }
    await agent.status(); // four violations would have suspended the session
  });
});

describe("a task", () => {
  it("isn't done by anybody but the person", async () => {
    const { service, campaignId } = await world.sponsored();
    const alone = await connect(world.standing({ hooks: {} }));
    const required = await refusalOf(alone.run(service, {}));
    expect(required).toMatchObject({ code: "task_required", httpStatus: 412 });
    expect(required.details).toMatchObject({ campaigns: [{ campaign_id: campaignId, sponsor: "Acme" }] });

    const declined = await connect({ ...world.standing(), hooks: { onTask: () => undefined } });
    expect(await refusalOf(declined.run(service, {}))).toMatchObject({
      code: "task_declined",
      details: { campaign_id: campaignId },
    });
    expect(world.upstream.paid()).toHaveLength(0);
  });

  it("passes on what is wrong with the answers", async () => {
    const { service } = await world.sponsored();
    const onTask = () => ({ taskData: { score: 9 }, consent: CONSENT });
    const agent = await connect({ ...world.standing(), hooks: { onTask } });
    const refused = await refusalOf(agent.run(service, {}));
    expect(refused.code).toBe("validation_error");
    expect(refused.fieldErrors).toMatchObject([{ path: "/task_data/score", keyword: "maximum" }]);
  });
});
