import { describe, expect, test } from "vitest";
import type { NextAction, ProgressEvent } from "../../src/client/index.ts";
import { connect, resume, toOpenAiTool, tools } from "../../src/client/index.ts";
import { balanceOf } from "../support/chain.ts";
import { createBuyer } from "../support/buyer.ts";
import { CONSENT } from "../support/caller.ts";
import { createFaultyFetch } from "./faulty-fetch.ts";
import { approvingPerson, createAgentWithoutGrant, fillInTask } from "./people.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();
const WALLET = 1_000_000n;

describe("progress", () => {
  test("a first contact reports the approval, the plan, the task, the run and its delivery, in order", async () => {
    const { service } = await world.sponsorService();
    const person = approvingPerson(world, await world.createUser(), { budgetCents: 30 });
    const events: ProgressEvent[] = [];
    const ofRun: ProgressEvent[] = [];
    const agent = await connect({
      url: world.url,
      apiKey: await createAgentWithoutGrant(world),
      budgetLimitCents: 30,
      hooks: {
        onApproval: (request) => person.onApproval(request),
        onTask: fillInTask,
        onProgress: (event) => void events.push(event),
      },
    });
    const { payment } = await agent.run(service, { n: 1 }, { onProgress: (event) => void ofRun.push(event) });
    const types = events.map(({ type }) => type);
    expect(types).toEqual(["approval_opened", "planned", "task_asked", "run_sent", "delivered"]);
    expect(ofRun.map(({ type }) => type)).toEqual(types.slice(1));
    expect(ofRun.at(-1)).toMatchObject({ service, payment: { payment_id: payment.payment_id } });
  });

  test("a run that waits for its output reports that it is pending", async () => {
    const { service } = await world.sponsorService("lost");
    const agent = await connect(world.connectOptions());
    const events: string[] = [];
    await refusalOf(agent.run(service, {}, { onProgress: ({ type }) => void events.push(type) }));
    expect(events).toEqual(["planned", "task_asked", "run_sent", "pending"]);
  });

  test("a listener that throws doesn't break the run", async () => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions());
    const onProgress = (): never => {
      throw new Error("the progress bar broke");
    };
    expect((await agent.run(service, { n: 2 }, { onProgress })).output).toEqual({ echo: { n: 2 } });
  });
});

describe("a resumed session", () => {
  test("resume goes on with the same session and its budget, and opens none", async () => {
    const { service } = await world.sponsorService();
    const first = await connect(world.connectOptions());
    await first.run(service, { n: 1 });
    const saved = JSON.parse(JSON.stringify(first.saveSession())) as ReturnType<typeof first.saveSession>;

    const network = createFaultyFetch("none");
    const agent = resume({ ...world.connectOptions({ fetch: network.fetch }), session: saved });
    expect(agent.session.session_id).toBe(first.session.session_id);
    expect((await agent.run(service, { n: 2 })).output).toEqual({ echo: { n: 2 } });
    expect(network.sentTo("agent.auth")).toEqual([]);
    expect((await agent.status()).budget).toMatchObject({ limit_cents: 50, spent_cents: 4 });
  });

  test("a resumed session that has expired is replaced with what was left of its budget", async () => {
    const { service } = await world.sponsorService();
    const first = await connect(world.connectOptions());
    await first.run(service);
    await world.expire("session", first.session.session_id);
    const agent = resume({ ...world.connectOptions(), session: first.saveSession() });
    expect((await agent.status()).budget.limit_cents).toBe(48);
    expect(agent.session.session_id).not.toBe(first.session.session_id);
  });

  test("revoking a resumed session also ends the sessions that it had replaced", async () => {
    const first = await connect(
      world.connectOptions({ scopes: { allowed_categories: ["travel"] }, budgetLimitCents: 20 }),
    );
    const narrow = first.saveSession();
    await first.run((await world.sponsorService()).service);
    expect(first.session.session_id).not.toBe(narrow.session_id);
    await resume({ ...world.connectOptions(), session: first.saveSession() }).revoke();
    const old = resume({ ...world.connectOptions(), session: narrow });
    expect(await refusalOf(old.status())).toMatchObject({ code: "session_revoked" });
  });
});

describe("following next actions", () => {
  const named = (actions: readonly NextAction[], name: string): NextAction => {
    const found = actions.find(({ action }) => action === name);
    if (found === undefined) throw new Error(`no next action ${name}`);
    return found;
  };

  test("follow leads from a refused run over the task to the output, each with its own fields", async () => {
    const { service } = await world.sponsorService();
    const network = createFaultyFetch("none");
    const agent = await connect(world.connectOptions({ hooks: {}, fetch: network.fetch }));
    const refused = await refusalOf(agent.run(service, { n: 5 }));
    expect(refused.code).toBe("task_required");
    const task = await agent.follow(named(refused.nextActions, "get_task"));
    const completion = { task_data: { score: 4 }, consent: CONSENT };
    const completed = await agent.follow(named(task.nextActions, "complete_task"), completion);
    const ran = await agent.follow(named(completed.nextActions, "run_service"), { input: { n: 5 } });
    expect(ran.data).toMatchObject({ service, output: { echo: { n: 5 } } });
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test("follow answers a refusal as an error with next actions, and sends the token to no other host", async () => {
    const agent = await connect(world.connectOptions());
    const action: NextAction = {
      action: "get_task",
      method: "GET",
      endpoint: "/agent/tasks/no-such",
      operation_id: "agent_get_task",
      auth: "session",
      params: {},
      description: "",
    };
    expect(await refusalOf(agent.follow(action))).toMatchObject({ code: "not_found", httpStatus: 404 });
    for (const endpoint of [
      "//other.example/agent",
      "https://other.example/",
      "@other.example/",
      "/\\other.example",
    ])
      await expect(agent.follow({ ...action, endpoint })).rejects.toThrow(TypeError);
  });
});

describe("paying without a sponsor", () => {
  test("a run that no sponsor pays for is paid by the caller, once, and says so", async () => {
    const service = await world.registerService(world.sponsor.key);
    const buyer = await createBuyer(WALLET);
    const agent = await connect(world.connectOptions());
    const events: string[] = [];
    const result = await agent.run(
      service,
      { n: 8 },
      {
        payWith: (url, init) => buyer.post(url, JSON.parse(init.body as string) as object),
        onProgress: ({ type }) => void events.push(type),
      },
    );
    expect(result).toMatchObject({
      paidBy: "caller",
      output: { echo: { n: 8 } },
      refusal: { code: "no_sponsor" },
      receipt: { success: true },
    });
    expect(events.slice(-2)).toEqual(["paying_directly", "delivered_directly"]);
    expect(await balanceOf(buyer.wallet.address)).toBe(WALLET - 20_000n);
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test.each([
    ["sponsor_budget_exhausted", { fundCents: 1 }],
    ["user_cap_reached", { max_calls_per_user: 1, fundCents: 100 }],
  ])("after %s the caller pays", async (code, campaign) => {
    const { service } = await world.sponsorService("honest", {}, campaign);
    const buyer = await createBuyer(WALLET);
    const agent = await connect(world.connectOptions());
    if (code === "user_cap_reached") await agent.run(service, { n: 1 });
    const payWith = (url: string, init: RequestInit) =>
      buyer.post(url, JSON.parse(init.body as string) as object);
    const result = await agent.run(service, { n: 2 }, { payWith });
    expect(result).toMatchObject({ paidBy: "caller", refusal: { code } });
    expect(await balanceOf(buyer.wallet.address)).toBe(WALLET - 20_000n);
  });

  test("a run that a sponsor pays for doesn't touch the caller's wallet", async () => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions());
    const payWith = () => Promise.reject(new Error("asked to pay"));
    expect(await agent.run(service, { n: 1 }, { payWith })).toMatchObject({ paidBy: "sponsor" });
  });

  test("a refusal for another reason isn't paid around", async () => {
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions({ hooks: {} }));
    const payWith = () => Promise.reject(new Error("asked to pay"));
    expect(await refusalOf(agent.run(service, { n: 1 }, { payWith }))).toMatchObject({
      code: "task_required",
    });
    expect(world.upstream.paid()).toEqual([]);
  });

  test("a direct payment whose answer is lost isn't sent again", async () => {
    const service = await world.registerService(world.sponsor.key);
    const agent = await connect(world.connectOptions());
    let calls = 0;
    const payWith = () => {
      calls += 1;
      return Promise.reject(new TypeError("terminated"));
    };
    const lost = await refusalOf(agent.run(service, { n: 1 }, { payWith }));
    expect(lost).toMatchObject({ code: "network_error", retryAllowed: false });
    expect(calls).toBe(1);
  });

  test("a caller that can't pay gets the refusal of the direct payment", async () => {
    const service = await world.registerService(world.sponsor.key);
    const agent = await connect(world.connectOptions());
    const refused = await refusalOf(
      agent.run(service, { n: 1 }, { payWith: (url, init) => fetch(url, init) }),
    );
    expect(refused).toMatchObject({ code: "payment_required", httpStatus: 402 });
    expect(world.upstream.paid()).toEqual([]);
  });
});

describe("services as tools", () => {
  test("each service is one tool with a valid name and its input schema, and runs it", async () => {
    const key = `my.service-${Date.now()}`;
    const service = key;
    await world.registerService(world.sponsor.key, "honest", { service_key: key });
    for (const name of ["First", "Second"]) await world.createCampaign(world.sponsor, [key], { name });
    const agent = await connect(world.connectOptions());
    const offered = (await tools(agent, { limit: 50 })).filter(({ serviceKey }) => serviceKey === service);
    expect(offered).toHaveLength(1);
    const [tool] = offered;
    expect(tool?.name).toBe(key.replace(".", "_"));
    expect(tool?.name).toMatch(/^[\w-]{1,64}$/);
    expect(tool?.description).toContain("pays up to");
    if (tool === undefined) throw new Error("no tool");
    expect(toOpenAiTool(tool)).toEqual({
      type: "function",
      function: { name: tool.name, description: tool.description, parameters: tool.parameters },
    });
    expect(tool.parameters).toMatchObject({ type: "object", properties: { n: { type: "integer" } } });
    expect(await tool.execute({ n: 6 })).toEqual({ echo: { n: 6 } });
    const aborted = tool.execute({ n: 7 }, { abortSignal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });
});
