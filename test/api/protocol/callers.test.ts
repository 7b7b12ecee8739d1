import { beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, EVERYTHING, GRANT_SCOPES } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

/** What callers send that isn't quite what the schemas say. */
const world = useWorld();
let grant: GrantOfUser;
beforeAll(async () => {
  grant = await world.createGrant();
});

const nextYear = new Date().getUTCFullYear() + 1;

describe.each(TRANSPORTS)("times over %s", (transport) => {
  const putGrant = (expires_at: string) =>
    world.callAdmin(
      "putGrant",
      {
        user_id: grant.user_id,
        agent_id: grant.agent_id,
        scopes: GRANT_SCOPES,
        budget_limit_cents: 100,
        expires_at,
      },
      transport,
    );
  const storedEnd = async (): Promise<string | undefined> =>
    (await world.db.grant.findUnique({ where: { id: grant.grant_id } }))?.expiresAt.toISOString();

  test.each([
    [`${nextYear}-01-01T00:00:00Z`, `${nextYear}-01-01T00:00:00.000Z`],
    [`${nextYear}-01-01T00:00:01+00:00`, `${nextYear}-01-01T00:00:01.000Z`],
    [`${nextYear}-01-02T09:30:00.25+09:30`, `${nextYear}-01-02T00:00:00.250Z`],
    [`${nextYear}-03-01T20:00:00-05:00`, `${nextYear}-03-02T01:00:00.000Z`],
    [`${nextYear}-03-01T00:00:00-00:00`, `${nextYear}-03-01T00:00:00.000Z`],
    [`${nextYear}-04-01t00:00:00z`, `${nextYear}-04-01T00:00:00.000Z`],
    [`${nextYear}-06-30T23:59:60Z`, `${nextYear}-07-01T00:00:00.000Z`],
  ])("the time %s is taken, and is kept as %s", async (sent, stored) => {
    expectSuccess(await putGrant(sent));
    expect(await storedEnd()).toBe(stored);
  });

  test.each([
    `${nextYear}-01-01T00:00:00`,
    `${nextYear}-01-01`,
    `${nextYear}-01-01 00:00:00Z`,
    `${nextYear}-02-30T00:00:00Z`,
    `${nextYear}-01-01T24:00:00Z`,
    `${nextYear}-01-01T00:00:00+24:00`,
    `${nextYear}-01-01T00:00:00+0100`,
    String(Date.now() + 86_400_000),
  ])("%s is refused as a time, and changes nothing", async (sent) => {
    const before = await storedEnd();
    const body = expectRefused(await putGrant(sent), 400, "validation_error");
    expect(body.field_errors).toMatchObject([{ path: "/expires_at", keyword: "format" }]);
    expect(await storedEnd()).toBe(before);
  });

  test("a time that has passed by its offset is refused", async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "+02:00");
    const body = expectRefused(await putGrant(inAnHour), 400, "validation_error");
    expect(body.field_errors).toMatchObject([{ path: "/expires_at", keyword: "minimum" }]);
  });

  test("an approval takes a time with an offset", async () => {
    const userId = await world.createUser();
    const agent = await world.admin("/admin/agents", { name: "Test agent" });
    const wanted = { scopes: EVERYTHING, budget_limit_cents: 10 };
    const asked = await world.call("agent.auth", wanted, agent["api_key"], transport);
    const decision = {
      approval_id: expectApprovalNeeded(asked, "consent_required"),
      decision: "approve",
      user_id: userId,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 10,
      expires_at: `${nextYear}-01-02T09:00:00+09:00`,
    };
    const { grant_id } = expectSuccess(await world.callAdmin("decideApproval", decision, transport));
    const stored = await world.db.grant.findUnique({ where: { id: grant_id } });
    expect(stored?.expiresAt.toISOString()).toBe(`${nextYear}-01-02T00:00:00.000Z`);
  });
});

const NULLABLE = {
  type: "object",
  properties: { n: { type: ["integer", "null"] }, place: { type: "string" } },
  additionalProperties: false,
};

describe.each(TRANSPORTS)("null over %s", (transport: Transport) => {
  test("optional fields that are null are absent, and null inside a run's input reaches the upstream", async () => {
    const { token, service } = await world.readyService({ api: { input_schema: NULLABLE } });
    const absent = { campaign_id: null, max_cost_cents: null, idempotency_key: null };
    const answer = await world.run(token, service, { input: { n: null }, ...absent }, transport);
    expect(expectSuccess(answer).output).toEqual({ echo: { n: null } });
    expectSuccess(await world.run(token, service, { input: null }, transport));
    const bodies = world.upstream.paid().map(({ body }) => JSON.parse(body) as unknown);
    expect(bodies).toEqual([{ n: null }, {}]);
  });

  test("null inside an input is checked by the sponsor's schema", async () => {
    const { token, service } = await world.readyService();
    const answer = await world.run(token, service, { input: { n: null } }, transport);
    const body = expectRefused(answer, 400, "validation_error");
    expect(body.field_errors).toMatchObject([{ path: "/input/n", keyword: "type" }]);
    expect(world.upstream.paid()).toEqual([]);
  });

  test("null inside a task's answer is checked by the task's schema, and kept", async () => {
    const task_schema = {
      type: "object",
      properties: { score: { type: ["integer", "null"] } },
      additionalProperties: false,
    };
    const { campaignId, sponsor } = await world.offerService({ campaign: { task_schema } });
    const { token } = await world.openSession(grant);
    const completion = {
      campaign_id: campaignId,
      task_data: { score: null },
      consent: CONSENT,
      dry_run: null,
    };
    expectSuccess(await world.call("agent.completeTask", completion, token, transport));
    const list = { campaign_id: campaignId, offset: null, limit: null };
    const { answers } = expectSuccess(
      transport === "trpc"
        ? await world.call("sponsor.listAnswers", list, sponsor.key, "trpc")
        : await world.rest("GET", `/sponsor/campaigns/${campaignId}/answers?offset=&limit=`, {
            token: sponsor.key,
          }),
    );
    expect(answers).toMatchObject([{ task_data: { score: null } }]);
  });

  test("a field whose schema allows null still takes it, and null removes a cap", async () => {
    const { sponsor, campaignId } = await world.offerService({ campaign: { max_calls_per_user: 3 } });
    const change = { campaign_id: campaignId, max_calls_per_user: null, active: null };
    const changed = expectSuccess(await world.call("sponsor.changeCampaign", change, sponsor.key, transport));
    expect(changed).toMatchObject({ max_calls_per_user: null, active: true });
  });
});
