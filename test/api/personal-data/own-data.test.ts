import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { setOwnRegion } from "../../../src/core/access/user/index.ts";
import { readOwnPreferences } from "../../../src/core/account/own-preferences/index.ts";
import { setPreferences } from "../../../src/core/discovery/preference/index.ts";
import { listOwnConsents, withdrawConsent } from "../../../src/core/personal-data/consent/index.ts";
import { listOwnData, putOwnItem } from "../../../src/core/personal-data/vault/index.ts";
import { atOnce, tally } from "../../support/at-once.ts";
import type { Respondent } from "../../support/answers.ts";
import { createRespondent } from "../../support/answers.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { TASK_SCHEMA } from "../../support/caller.ts";
import { userActor } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** What a person sees and does over what is their own, below the console's procedures. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let ada: Respondent;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0, input_schema: TASK_SCHEMA });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0, purpose: "To know." });
});
beforeEach(async () => {
  ada = await createRespondent(world);
});

const own = (userId = ada.grant.user_id) => ({ ...world.deps, actor: userActor(userId) });
const withdraw = (consent_id: string, userId = ada.grant.user_id) =>
  withdrawConsent(world.deps, { user_id: userId, consent_id });
const inbox = async () =>
  expectSuccess(await world.call("sponsor.listAnswers", { campaign_id: campaignId }, acme.key))
    .answers as object[];

describe("what was shared", () => {
  test("names recipient, data, purpose and until when it is kept, the newest first, page by page", async () => {
    await ada.answer(campaignId, { score: 4, region: "Minho" }, { contact_permission: true });
    expectSuccess(await world.run(ada.token, service, { input: { score: 1, region: "Minho" } }));
    const { consents, next_cursor } = await listOwnConsents(own(), { limit: 1 });
    expect(consents).toMatchObject([
      {
        recipient: "Acme",
        service_key: service,
        data_types: ["region"],
        kept_until: null,
        withdrawn_at: null,
      },
    ]);
    const rest = await listOwnConsents(own(), { cursor: next_cursor ?? "" });
    expect(rest).toMatchObject({
      consents: [
        {
          ...{ recipient: "Acme", campaign: "Weather survey", service_key: null, data_types: ["region"] },
          ...{ purpose: "To know.", granted_via: "agent", agent: "Test agent" },
          contact_consent_id: expect.any(String),
        },
      ],
      next_cursor: null,
    });
    const days = (Date.parse(rest.consents[0]?.kept_until ?? "") - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
  });

  test("stopping it takes the answers out of the sponsor's reach, and the task no longer counts", async () => {
    const before = await inbox();
    await ada.answer(campaignId, { score: 4, region: "Minho" });
    expect(await inbox()).toHaveLength(before.length + 1);
    const [shared] = (await listOwnConsents(own(), {})).consents;
    await withdraw(shared?.consent_id ?? "");
    expect(await inbox()).toEqual(before);
    const [completion] = await world.db.taskCompletion.findMany({ where: { userId: ada.grant.user_id } });
    expect(completion).toMatchObject({ details: null, withdrawnAt: expect.any(Date) });
    expect((await listOwnConsents(own(), {})).consents).toMatchObject([
      { withdrawn_at: expect.any(String), kept_until: null, contact_consent_id: null },
    ]);
    expectRefused(
      await world.run(ada.token, service, { input: { score: 1 }, campaign_id: campaignId }),
      412,
      "task_required",
    );
  });

  test("a later call of an agent that may share such data is on record anew, as the page says", async () => {
    const run = async (score: number) =>
      expectSuccess(await world.run(ada.token, service, { input: { score, region: "Minho" } }));
    await ada.answer(campaignId, { score: 4 });
    await run(1);
    const [first] = (await listOwnConsents(own(), {})).consents;
    await withdraw(first?.consent_id ?? "");
    await run(2);
    expect((await listOwnConsents(own(), { limit: 2 })).consents).toMatchObject([
      { service_key: service, service_name: expect.stringMatching(/^Weather /), withdrawn_at: null },
      { consent_id: first?.consent_id, withdrawn_at: expect.any(String) },
    ]);
  });

  test("of ten who stop it at once, each is told so, and it is stopped once", async () => {
    await ada.answer(campaignId, { score: 4, region: "Minho" });
    const [shared] = (await listOwnConsents(own(), {})).consents;
    const times = await atOnce(10, async () => (await withdraw(shared?.consent_id ?? "")).withdrawn_at);
    expect(Object.keys(tally(times))).toHaveLength(1);
  });

  test("nobody sees or stops what another person shared", async () => {
    await ada.answer(campaignId, { score: 4, region: "Minho" });
    const [shared] = (await listOwnConsents(own(), {})).consents;
    const stranger = await world.createUser();
    expect((await listOwnConsents(own(stranger), {})).consents).toEqual([]);
    await expect(withdraw(shared?.consent_id ?? "", stranger)).rejects.toMatchObject({ code: "not_found" });
    expect((await listOwnConsents(own(), {})).consents).toMatchObject([{ withdrawn_at: null }]);
  });
});

describe("stored data", () => {
  const typeOf = async (type: string, userId?: string) =>
    (await listOwnData(own(userId))).types.find(({ data_type }) => data_type === type);

  test("is stored, replaced and removed, and shows when it was filled in and for whom", async () => {
    expect((await listOwnData(own())).types).toHaveLength(10);
    await putOwnItem(own(), { data_type: "region", value: "Minho" });
    expect(await typeOf("region")).toMatchObject({
      stored: { value: "Minho", last_used_at: null },
      recipients: [],
    });
    await ada.answer(campaignId, { score: 4, region: { $vault: "region" } });
    expect(await typeOf("region")).toMatchObject({
      stored: { value: "Minho", last_used_at: expect.any(String) },
      recipients: [{ name: "Acme", last_at: expect.any(String) }],
    });
    await putOwnItem(own(), { data_type: "region", value: "Porto" });
    expect(await typeOf("region")).toMatchObject({ stored: { value: "Porto" } });
    await putOwnItem(own(), { data_type: "region", value: null });
    expect(await typeOf("region")).toMatchObject({ stored: null, recipients: [{ name: "Acme" }] });
    expect(await world.db.vaultItem.count({ where: { userId: ada.grant.user_id } })).toBe(0);
  });

  test("a value that doesn't fit isn't used, and the record says so", async () => {
    await putOwnItem(own(), { data_type: "region", value: { too: "deep" } });
    await ada.answer(campaignId, { score: 4, region: { $vault: "region" } }).catch(() => undefined);
    expect(await typeOf("region")).toMatchObject({ stored: { last_used_at: null }, recipients: [] });
  });

  test.each([
    ["birthdate", "yesterday"],
    ["email", "not an address"],
    ["ip_address", "1.2.3"],
  ] as const)("%s doesn't take %s, and keeps what was there", async (data_type, value) => {
    await expect(putOwnItem(own(), { data_type, value })).rejects.toMatchObject({ code: "validation_error" });
    expect(await typeOf(data_type)).toMatchObject({ stored: null });
  });

  test("is nobody else's", async () => {
    await putOwnItem(own(), { data_type: "name", value: "Ada" });
    expect(await typeOf("name", await world.createUser())).toMatchObject({ stored: null });
  });
});

test("preferences hold for every search, and the region is the person's own", async () => {
  const before = await readOwnPreferences(own());
  expect(before).toMatchObject({ region: "PT" });
  expect(before.tasks).toContainEqual({ task_type: "survey", level: "neutral" });
  await setPreferences(own(), { preferences: [{ task_type: "survey", level: "avoided" }] });
  await setOwnRegion(own(), { region: "Alentejo" });
  const after = await readOwnPreferences(own());
  expect(after.tasks).toContainEqual({ task_type: "survey", level: "avoided" });
  expect(after.region).toBe("Alentejo");
  const found = expectSuccess(await world.call("agent.searchServices", {}, ada.token)).services as {
    task_type: string | null;
  }[];
  expect(found.filter(({ task_type }) => task_type === "survey")).toEqual([]);
});
