import { describe, expect, test } from "vitest";
import type { TaskRequest } from "../../src/client/index.ts";
import { connect } from "../../src/client/index.ts";
import { CONSENT, GRANT_SCOPES, TASK_SCHEMA } from "../support/caller.ts";
import { approvingPerson, createAgentWithoutGrant, denyingPerson } from "./people.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();

describe("connecting without a grant", () => {
  test("a first run asks the person for a grant, has the task completed, and returns the output", async () => {
    const { service, campaignId } = await world.sponsorService();
    const user = await world.createUser();
    const apiKey = await createAgentWithoutGrant(world);
    const person = approvingPerson(world, user, { budgetCents: 30 });
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

    expect(person.asked).toMatchObject([
      {
        kind: "grant",
        approvalUrl: `${world.url}/approvals/${String(person.asked[0]?.approvalId)}`,
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

    // The user's id is enough to connect later without asking the person.
    const reconnected = await connect({ url: world.url, apiKey, userId: agent.userId, budgetLimitCents: 10 });
    expect((await reconnected.run(service, { n: 2 })).output).toEqual({ echo: { n: 2 } });
  });

  test("the session has the scopes and the budget that the person granted, not those that were asked for", async () => {
    const apiKey = await createAgentWithoutGrant(world);
    const narrow = { ...GRANT_SCOPES, allowed_data_types: [] };
    const person = approvingPerson(world, await world.createUser(), {
      scopes: narrow,
      budgetCents: 7,
    });
    const agent = await connect({ url: world.url, apiKey, budgetLimitCents: 500, hooks: person });
    expect(agent.session).toMatchObject({ scopes: narrow, budget_limit_cents: 7 });
  });

  test("connecting fails with approval_denied when the person denies", async () => {
    const apiKey = await createAgentWithoutGrant(world);
    const person = denyingPerson(world, await world.createUser());
    const denied = await refusalOf(connect({ url: world.url, apiKey, hooks: person }));
    expect(denied).toMatchObject({
      code: "approval_denied",
      details: { approval_id: person.asked[0]?.approvalId },
    });
  });

  test("connecting without an approval hook fails with consent_required and the way to the approval", async () => {
    const apiKey = await createAgentWithoutGrant(world);
    const unasked = await refusalOf(connect({ url: world.url, apiKey }));
    expect(unasked).toMatchObject({ code: "consent_required", retryAllowed: true, httpStatus: 403 });
    expect(unasked.nextActions[0]).toMatchObject({ action: "get_approval" });
  });

  test("connecting stops waiting for the person when its signal aborts", async () => {
    const apiKey = await createAgentWithoutGrant(world);
    const stop = new AbortController();
    const waiting = connect({
      url: world.url,
      apiKey,
      signal: stop.signal,
      hooks: { onApproval: () => stop.abort(new Error("closed the window")) },
    });
    await expect(waiting).rejects.toThrow("closed the window");
  });

  test("connecting fails with the approval hook's own error", async () => {
    const apiKey = await createAgentWithoutGrant(world);
    const broken = connect({
      url: world.url,
      apiKey,
      hooks: { onApproval: () => Promise.reject(new Error("no screen")) },
    });
    await expect(broken).rejects.toThrow("no screen");
  });
});
