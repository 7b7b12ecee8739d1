import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConsentType, Respondent } from "../../support/answers.ts";
import { createRespondent, standingConsent } from "../../support/answers.ts";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import { createCampaign, createSponsor, registerApi, TASK_SCHEMA } from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service: string;
let campaignId: string;
let ada: Respondent;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream, "free", {
    price_cents: 0,
    input_schema: TASK_SCHEMA,
  });
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 0, purpose: "To know." });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  ada = await createRespondent(server);
});

const list = (user_id: string, page: object = {}, key = ADMIN_KEY, transport: Transport = "rest") =>
  call(server.url, "admin.listConsents", { user_id, ...page }, key, transport);

const withdraw = (
  user_id: string,
  consent_id: string,
  key = ADMIN_KEY,
  transport: Transport = "rest",
): Promise<Answer> => call(server.url, "admin.withdrawConsent", { user_id, consent_id }, key, transport);

const consent = (type: ConsentType): Promise<string> =>
  standingConsent(server, ada.grant.user_id, campaignId, type);

const withdrawals = async (): Promise<Record<string, boolean>> => {
  const rows = await server.deps.db.consent.findMany({ where: { userId: ada.grant.user_id } });
  return Object.fromEntries(rows.map((row) => [row.consentType, row.withdrawnAt !== null]));
};

const completion = () =>
  server.deps.db.taskCompletion.findFirstOrThrow({ where: { userId: ada.grant.user_id } });

describe("a user's consents", () => {
  test.each(TRANSPORTS)("are listed with what they were for, over %s", async (transport) => {
    await ada.answer(campaignId, { score: 4, region: "Minho" }, { contact_permission: true });
    const data = expectSuccess(await list(ada.grant.user_id, {}, ADMIN_KEY, transport));
    expect(data).toMatchObject({ total_count: 3, offset: 0, limit: 50 });
    const base = {
      consent_id: expect.any(String),
      sponsor: "Acme",
      campaign_id: campaignId,
      campaign_name: "Weather survey",
      service_key: null,
      data_types: ["region"],
      granted: true,
      purpose: "To know.",
      granted_via: "agent",
      created_at: expect.any(String),
      withdrawn_at: null,
    };
    const byType = (a: { consent_type: string }, b: { consent_type: string }) =>
      a.consent_type.localeCompare(b.consent_type);
    expect(data.consents.toSorted(byType)).toEqual([
      { ...base, consent_type: "contact", data_types: [] },
      { ...base, consent_type: "data_sharing" },
      { ...base, consent_type: "retention", purpose: "kept for 365 days" },
    ]);
    const page = expectSuccess(await list(ada.grant.user_id, { offset: 2, limit: 1 }, ADMIN_KEY, transport));
    expect(page).toMatchObject({ consents: [data.consents[2]], total_count: 3, offset: 2, limit: 1 });
  });

  test("are none of anybody else's, and nobody's where there is no such user", async () => {
    await ada.answer(campaignId);
    const bob = await createRespondent(server);
    expect(expectSuccess(await list(bob.grant.user_id))).toMatchObject({ consents: [], total_count: 0 });
    for (const id of [randomUUID(), ada.grant.subject, "no-id"])
      expectRefused(await list(id), 404, "not_found");
    for (const key of [acme.key, ada.token]) {
      expectRefused(await list(ada.grant.user_id, {}, key), 401, "unauthorized");
      const id = await consent("data_sharing");
      expectRefused(await withdraw(ada.grant.user_id, id, key), 401, "unauthorized");
    }
    expectRefused(await list(ada.grant.user_id, { limit: 51 }), 400, "validation_error");
  });
});

describe("withdrawing", () => {
  test.each(TRANSPORTS)("changes nothing the second time, over %s", async (transport) => {
    await ada.answer(campaignId);
    const id = await consent("data_sharing");
    const first = expectSuccess(await withdraw(ada.grant.user_id, id, ADMIN_KEY, transport));
    expect(first).toEqual({ withdrawn: true, withdrawn_at: expect.any(String) });
    const before = await completion();
    expect(expectSuccess(await withdraw(ada.grant.user_id, id, ADMIN_KEY, transport))).toEqual(first);
    expect(await completion()).toEqual(before);
    const shown = expectSuccess(await list(ada.grant.user_id)).consents as { withdrawn_at: string }[];
    expect(shown.map(({ withdrawn_at }) => withdrawn_at)).toEqual(
      Array.from({ length: 3 }, () => first.withdrawn_at),
    );
  });

  test("again doesn't touch what was answered since", async () => {
    await ada.answer(campaignId);
    const id = await consent("data_sharing");
    expectSuccess(await withdraw(ada.grant.user_id, id));
    const again = await ada.answer(campaignId);
    expectSuccess(await withdraw(ada.grant.user_id, id));
    const row = await server.deps.db.taskCompletion.findUniqueOrThrow({ where: { id: again } });
    expect(row.withdrawnAt).toBeNull();
    expect(row.details).not.toBeNull();
  });

  test.each(["data_sharing", "retention"] as const)("%s ends the whole act", async (type) => {
    await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
    expectSuccess(await withdraw(ada.grant.user_id, await consent(type)));
    expect(await withdrawals()).toEqual({ data_sharing: true, contact: true, retention: true });
    expect(await completion()).toMatchObject({ withdrawnAt: expect.any(Date), details: null });
  });

  test("contact ends that alone", async () => {
    await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
    expectSuccess(await withdraw(ada.grant.user_id, await consent("contact")));
    expect(await withdrawals()).toEqual({ data_sharing: false, contact: true, retention: false });
    expect(await completion()).toMatchObject({ withdrawnAt: null, details: expect.anything() });
  });

  test("what went into a run's input leaves the task alone", async () => {
    await ada.answer(campaignId);
    const input = { service_key: service, campaign_id: campaignId, input: { score: 1, region: "Minho" } };
    expectSuccess(await call(server.url, "agent.runService", input, ada.token));
    const [shown] = expectSuccess(await list(ada.grant.user_id)).consents;
    expect(shown).toMatchObject({
      consent_type: "data_sharing",
      service_key: service,
      campaign_id: campaignId,
      data_types: ["region"],
    });
    expectSuccess(await withdraw(ada.grant.user_id, shown.consent_id));
    expect(await completion()).toMatchObject({ withdrawnAt: null, details: expect.anything() });
    expect(await standingConsent(server, ada.grant.user_id, campaignId, "data_sharing")).toBeDefined();
  });

  test("isn't possible for somebody else's consent, or one that isn't there", async () => {
    await ada.answer(campaignId);
    const bob = await createRespondent(server);
    const id = await consent("data_sharing");
    for (const [user, which] of [
      [bob.grant.user_id, id],
      [ada.grant.user_id, randomUUID()],
      [ada.grant.user_id, "no-id"],
      ["no-id", id],
    ] as const)
      expectRefused(await withdraw(user, which), 404, "not_found");
    expect(await withdrawals()).toEqual({ data_sharing: false, contact: false, retention: false });
  });
});
