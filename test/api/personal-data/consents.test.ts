import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConsentType, Respondent } from "../../support/answers.ts";
import { createRespondent, standingConsent } from "../../support/answers.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { TASK_SCHEMA } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let ada: Respondent;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", {
    price_cents: 0,
    input_schema: TASK_SCHEMA,
  });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0, purpose: "To know." });
});
beforeEach(async () => {
  ada = await createRespondent(world);
});

const list = (user_id: string, page: object = {}, key = ADMIN_KEY, transport: Transport = "rest") =>
  world.call("admin.listConsents", { user_id, ...page }, key, transport);

const withdraw = (
  user_id: string,
  consent_id: string,
  key = ADMIN_KEY,
  transport: Transport = "rest",
): Promise<Answer> => world.call("admin.withdrawConsent", { user_id, consent_id }, key, transport);

const consent = (type: ConsentType): Promise<string> =>
  standingConsent(world, ada.grant.user_id, campaignId, type);

/** Whether each consent of the user is withdrawn, by type. */
const withdrawals = async (): Promise<Record<string, boolean>> => {
  const rows = await world.db.consent.findMany({ where: { userId: ada.grant.user_id } });
  return Object.fromEntries(rows.map((row) => [row.consentType, row.withdrawnAt !== null]));
};

const completion = () => world.db.taskCompletion.findFirstOrThrow({ where: { userId: ada.grant.user_id } });

describe("the list of a user's consents", () => {
  test.each(TRANSPORTS)(
    "the list of a user's consents has the purpose and data types of each, in pages, over %s",
    async (transport) => {
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
      const page = expectSuccess(
        await list(ada.grant.user_id, { offset: 2, limit: 1 }, ADMIN_KEY, transport),
      );
      expect(page).toMatchObject({ consents: [data.consents[2]], total_count: 3, offset: 2, limit: 1 });
    },
  );

  test("the list of a user's consents has none of another user's", async () => {
    await ada.answer(campaignId);
    const bob = await createRespondent(world);
    expect(expectSuccess(await list(bob.grant.user_id))).toMatchObject({ consents: [], total_count: 0 });
  });

  test("the consents of an unknown user are not found", async () => {
    for (const id of [randomUUID(), ada.grant.subject, "no-id"])
      expectRefused(await list(id), 404, "not_found");
  });

  test("listing and withdrawing consents is for administrators only", async () => {
    await ada.answer(campaignId);
    for (const key of [acme.key, ada.token]) {
      expectRefused(await list(ada.grant.user_id, {}, key), 401, "unauthorized");
      const id = await consent("data_sharing");
      expectRefused(await withdraw(ada.grant.user_id, id, key), 401, "unauthorized");
    }
  });

  test("a page of consents with a limit above 50 is a validation error", async () => {
    expectRefused(await list(ada.grant.user_id, { limit: 51 }), 400, "validation_error");
  });
});

describe("withdrawing a consent", () => {
  test.each(TRANSPORTS)(
    "withdrawing a consent a second time changes nothing, and returns the same answer, over %s",
    async (transport) => {
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
    },
  );

  test("withdrawing a consent a second time leaves an answer that was given since the first time", async () => {
    await ada.answer(campaignId);
    const id = await consent("data_sharing");
    expectSuccess(await withdraw(ada.grant.user_id, id));
    const again = await ada.answer(campaignId);
    expectSuccess(await withdraw(ada.grant.user_id, id));
    const row = await world.db.taskCompletion.findUniqueOrThrow({ where: { id: again } });
    expect(row.withdrawnAt).toBeNull();
    expect(row.details).not.toBeNull();
  });

  test.each(["data_sharing", "retention"] as const)(
    "withdrawing the consent to %s withdraws the answer and all its consents",
    async (type) => {
      await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
      expectSuccess(await withdraw(ada.grant.user_id, await consent(type)));
      expect(await withdrawals()).toEqual({ data_sharing: true, contact: true, retention: true });
      expect(await completion()).toMatchObject({ withdrawnAt: expect.any(Date), details: null });
    },
  );

  test("withdrawing the consent to be contacted leaves the answer and its other consents", async () => {
    await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
    expectSuccess(await withdraw(ada.grant.user_id, await consent("contact")));
    expect(await withdrawals()).toEqual({ data_sharing: false, contact: true, retention: false });
    expect(await completion()).toMatchObject({ withdrawnAt: null, details: expect.anything() });
  });

  test("withdrawing the consent for a run's input leaves the answer to the campaign's task", async () => {
    await ada.answer(campaignId);
    const body = { campaign_id: campaignId, input: { score: 1, region: "Minho" } };
    expectSuccess(await world.run(ada.token, service, body));
    const [shown] = expectSuccess(await list(ada.grant.user_id)).consents;
    expect(shown).toMatchObject({
      consent_type: "data_sharing",
      service_key: service,
      campaign_id: campaignId,
      data_types: ["region"],
    });
    expectSuccess(await withdraw(ada.grant.user_id, shown.consent_id));
    expect(await completion()).toMatchObject({ withdrawnAt: null, details: expect.anything() });
    expect(await standingConsent(world, ada.grant.user_id, campaignId, "data_sharing")).toBeDefined();
  });

  test("withdrawing a consent of another user, or with an unknown id, is not found and changes nothing", async () => {
    await ada.answer(campaignId);
    const bob = await createRespondent(world);
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
