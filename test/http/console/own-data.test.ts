import { beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { refusalOf, signInPerson } from "../../support/console-client.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { Mailbox, newAddress } from "../../support/people.ts";
import { useReplica, useWorld } from "../../support/use-world.ts";

/** What a person does with what is their own, by the console's procedures. Calls of the service cost 2 cents. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const replica = useReplica(world);

let ada: SignedIn;
let grant: GrantOfUser;
let token: string;

/** Somebody who signed in, with an agent that may act for them. */
async function personWithAgent() {
  const email = newAddress();
  const created = await world.createGrant({ userId: await world.createUser({ email }) });
  const opened = await world.openSession(created);
  return {
    person: await signInPerson(world.server.url, mailbox, email),
    grant: created,
    token: opened.token,
  };
}

beforeEach(async () => {
  ({ person: ada, grant, token } = await personWithAgent());
});

const shared = async ({ user }: SignedIn = ada) => (await user.consents.list.query({})).data.consents;
const stored = async ({ user }: SignedIn = ada) =>
  (await user.data.list.query()).data.types.filter((type) => type.stored !== null);

describe("stopping what was shared", () => {
  let acme: SponsorWithKey;
  let service: string;
  let campaignId: string;

  beforeEach(async () => {
    ({ sponsor: acme, service, campaignId } = await world.offerService());
  });

  const answer = () =>
    world.call(
      "agent.completeTask",
      { campaign_id: campaignId, task_data: { score: 4, region: "Trás-os-Montes" }, consent: CONSENT },
      token,
    );
  const exported = async (format: string): Promise<string> => {
    const query = { campaign_id: campaignId, format };
    return JSON.stringify(expectSuccess(await world.call("sponsor.exportAnswers", query, acme.key, "trpc")));
  };

  test("takes the answer out of the sponsor's inbox and exports, and out of the tables; others' stay", async () => {
    const bob = await personWithAgent();
    expectSuccess(await answer());
    const bobs = { campaign_id: campaignId, task_data: { score: 1, region: "Douro" }, consent: CONSENT };
    expectSuccess(await world.call("agent.completeTask", bobs, bob.token));
    const [consent] = await shared();
    for (const format of ["json", "csv"]) expect(await exported(format)).toContain("Trás-os-Montes");

    await ada.user.consents.withdraw.mutate({ consent_id: consent?.consent_id ?? "" });
    for (const format of ["json", "csv"]) {
      expect(await exported(format)).not.toContain("Trás-os-Montes");
      expect(await exported(format)).toContain("Douro");
    }
    const inbox = await world.call("sponsor.listAnswers", { campaign_id: campaignId }, acme.key);
    expect(expectSuccess(inbox)).toMatchObject({ answers: [{ task_data: bobs.task_data }], total_count: 1 });
    const rows = await world.db.taskCompletion.findMany({
      where: { campaignId },
      orderBy: { createdAt: "asc" },
    });
    expect(rows).toMatchObject([
      { userId: grant.user_id, details: null, withdrawnAt: expect.any(Date) },
      { userId: bob.grant.user_id, details: expect.anything(), withdrawnAt: null },
    ]);
    const standing = { campaignId, withdrawnAt: null };
    expect(await world.db.consent.count({ where: { ...standing, userId: grant.user_id } })).toBe(0);
    expect(await world.db.consent.count({ where: { ...standing, userId: bob.grant.user_id } })).toBe(3);
    expectRefused(await world.run(token, service), 412, "task_required");
  });

  test("while the agent runs a service, each run is paid or refused, and none is paid afterwards", async () => {
    expectSuccess(await answer());
    const [consent] = await shared();
    const run = (n: number) =>
      (n % 2 === 0 ? world : replica).run(token, service, { input: { n }, idempotency_key: `key-${n}` });
    expectSuccess(await run(0));
    const asked = world.upstream.hold("unpaid");
    const runs = Array.from({ length: 8 }, (_, n) => run(n + 1));
    await asked.arrived(4);
    asked.open(); // from here on, runs and withdrawals compete
    const withdrawals = await atOnce(4, () =>
      ada.user.consents.withdraw.mutate({ consent_id: consent?.consent_id ?? "" }),
    );
    expect(new Set(withdrawals.map(({ data }) => data.withdrawn_at)).size).toBe(1);
    const paidBefore = await world.db.payment.count({ where: { campaignId } });
    for (const refused of await Promise.all([9, 10, 11].map(run)))
      expectRefused(refused, 412, "task_required");

    const outcomes = (await Promise.all(runs)).map(({ status, body }) =>
      status === 200 ? "paid" : body.error_code,
    );
    expect(outcomes.filter((outcome) => outcome !== "paid" && outcome !== "task_required")).toEqual([]);
    const paid = outcomes.filter((outcome) => outcome === "paid").length;
    expect(await world.db.payment.count({ where: { campaignId } })).toBe(paidBefore);
    expect(await world.db.payment.count({ where: { campaignId, status: "settled" } })).toBe(paid + 1);
    expect(world.upstream.paid()).toHaveLength(paid + 1);
    await expectBooksToBalance(world.db);
  });

  test("is for the person alone: for anybody else there is no such thing, and it stays", async () => {
    expectSuccess(await answer());
    const [consent] = await shared();
    const { person: bob } = await personWithAgent();
    expect(await shared(bob)).toEqual([]);
    const refused = await refusalOf(
      bob.user.consents.withdraw.mutate({ consent_id: consent?.consent_id ?? "" }),
    );
    expect(refused).toMatchObject({ error_code: "not_found", httpStatus: 404 });
    expect(await shared()).toMatchObject([{ withdrawn_at: null }]);
    expect(await world.db.consent.count({ where: { campaignId, withdrawnAt: { not: null } } })).toBe(0);
    expectSuccess(await world.run(token, service));
  });
});

test("what was shared comes in pages without a gap or a repetition, and a foreign cursor is refused", async () => {
  for (let n = 0; n < 3; n += 1) {
    const { campaignId } = await world.offerService();
    const input = { campaign_id: campaignId, task_data: { score: n + 1 }, consent: CONSENT };
    expectSuccess(await world.call("agent.completeTask", input, token));
  }
  const all = await shared();
  expect(all).toHaveLength(3);
  const seen = [];
  let cursor: string | null = null;
  do {
    const { data }: Awaited<ReturnType<typeof ada.user.consents.list.query>> =
      await ada.user.consents.list.query({ limit: 1, ...(cursor !== null && { cursor }) });
    expect(data.consents).toHaveLength(1);
    seen.push(...data.consents);
    cursor = data.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual(all);
  const times = all.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(await refusalOf(ada.user.consents.list.query({ cursor: "other" }))).toMatchObject({
    error_code: "validation_error",
    field_errors: [{ path: "/cursor" }],
  });
});

describe("stored values", () => {
  test("are one person's: another one's list has none of them, and their removal removes none", async () => {
    const { person: bob } = await personWithAgent();
    await ada.user.data.put.mutate({ data_type: "name", value: "Ada" });
    await bob.user.data.put.mutate({ data_type: "name", value: "Bob" });
    await bob.user.data.put.mutate({ data_type: "name", value: null });
    expect(await stored(bob)).toEqual([]);
    expect(await stored()).toMatchObject([{ data_type: "name", stored: { value: "Ada" } }]);
  });

  test.each([
    ["isn't a date", "birthdate", "yesterday"],
    ["is empty", "name", ""],
    ["is longer than 2,000 characters", "name", "x".repeat(2_001)],
    ["is larger than 4,096 bytes", "address", { street: "x".repeat(4_096) }],
  ] as const)("stay as they are when a new one %s", async (_what, data_type, value) => {
    await ada.user.data.put.mutate({ data_type, value: "1990-12-31" });
    const rows = await world.db.vaultItem.findMany({ where: { userId: grant.user_id } });
    expect(await refusalOf(ada.user.data.put.mutate({ data_type, value }))).toMatchObject({
      ...{ error_code: "validation_error", httpStatus: 400 },
      field_errors: [{ path: "/value" }],
    });
    expect(await world.db.vaultItem.findMany({ where: { userId: grant.user_id } })).toEqual(rows);
  });
});

describe("preferences", () => {
  test("are one person's, keep those that aren't named, and a wrong level changes nothing", async () => {
    const { person: bob } = await personWithAgent();
    const { preferences } = ada.user;
    await preferences.set.mutate({ preferences: [{ task_type: "survey", level: "avoided" }] });
    await preferences.set.mutate({ preferences: [{ task_type: "registration", level: "preferred" }] });
    const wrong = [{ task_type: "survey", level: "hated" as "avoided" }];
    expect(await refusalOf(preferences.set.mutate({ preferences: wrong }))).toMatchObject({
      error_code: "validation_error",
    });
    const rows = await world.db.userTaskPreference.findMany({ orderBy: { taskType: "asc" } });
    expect(rows.filter(({ userId }) => userId === grant.user_id)).toMatchObject([
      { taskType: "registration", level: "preferred" },
      { taskType: "survey", level: "avoided" },
    ]);
    const { tasks } = (await bob.user.preferences.get.query()).data;
    expect(tasks.filter(({ level }) => level !== "neutral")).toEqual([]);
  });

  test("by the region that a person sets, a national phone number is found in what their agent sends", async () => {
    const { campaignId } = await world.offerService({
      campaign: {
        task_schema: {
          type: "object",
          properties: { comment: { type: "string" } },
          additionalProperties: false,
        },
      },
    });
    const comment = "912345678"; // a mobile number in Portugal, and none in Germany
    const input = { campaign_id: campaignId, task_data: { comment }, consent: CONSENT };
    await ada.user.preferences.set_region.mutate({ region: "PT" });
    const refused = expectRefused(
      await world.call("agent.completeTask", input, token),
      400,
      "validation_error",
    );
    expect(refused.field_errors).toMatchObject([{ path: "/task_data/comment", keyword: "x-data-type" }]);
    expect(await refusalOf(ada.user.preferences.set_region.mutate({ region: "x".repeat(65) }))).toMatchObject(
      {
        field_errors: [{ path: "/region" }],
      },
    );
    expect((await ada.user.preferences.get.query()).data.region).toBe("PT");
    await ada.user.preferences.set_region.mutate({ region: "DE" });
    expectSuccess(await world.call("agent.completeTask", input, token));
  });
});
