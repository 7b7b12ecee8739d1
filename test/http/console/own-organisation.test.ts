import { beforeEach, describe, expect, test } from "vitest";
import { createBuyer } from "../../support/buyer.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { refusalOf, signInPerson } from "../../support/console-client.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { Mailbox } from "../../support/people.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** What an owner does with the organisation itself. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });

let ada: SignedIn;
let sponsor_id: string;

beforeEach(async () => {
  ada = await signInPerson(world.server.url, mailbox);
  ({ sponsor_id } = (await ada.user.sponsors.found.mutate({ name: "Helio Maps" })).data);
});

const ageSignIn = (minutes: number) =>
  world.db.accountSession.updateMany({
    where: { account: { email: ada.email } },
    data: { createdAt: new Date(Date.now() - minutes * 60_000) },
  });

const stored = () => world.db.sponsor.findUniqueOrThrow({ where: { id: sponsor_id } });
const entriesOf = (action: string) =>
  world.db.sponsorAuditLog.findMany({
    where: { sponsorId: sponsor_id, action },
    orderBy: { createdAt: "asc" },
  });

describe("where withdrawals go", () => {
  const FIRST = `0x${"1".repeat(40)}`;
  const OTHER = `0x${"2".repeat(40)}`;
  const set = (wallet_address: string) => ada.user.sponsors.set_wallet.mutate({ sponsor_id, wallet_address });

  test("is set and changed within 15 minutes of the sign-in", async () => {
    await ageSignIn(14);
    expect((await set(FIRST)).data.wallet_address).toBe(FIRST);
    expect((await set(OTHER)).data.wallet_address).toBe(OTHER);
    expect((await stored()).walletAddress).toBe(OTHER);
  });

  test("stays as it is later, until the owner signs in again; the try is in the log", async () => {
    await set(FIRST);
    await ageSignIn(16);
    expect(await refusalOf(set(OTHER))).toMatchObject({
      ...{ error_code: "conflict", httpStatus: 409 },
      message: expect.stringContaining("Sign in again") as string,
    });
    expect((await stored()).walletAddress).toBe(FIRST);
    expect((await entriesOf("set_wallet")).map(({ errorCode }) => errorCode)).toEqual([null, "conflict"]);
    ada = await signInPerson(world.server.url, mailbox, ada.email);
    await set(OTHER);
    expect((await stored()).walletAddress).toBe(OTHER);
  });
});

describe("closing", () => {
  const close = (person = ada, name = "Helio Maps") =>
    person.user.sponsors.close.mutate({ sponsor_id, name });
  const state = async () => (await ada.user.sponsors.closing_state.query({ sponsor_id })).data;

  /** A paused campaign without money, a key, a webhook, an editor, and somebody who is invited. */
  async function busyOrganisation() {
    const { api_key } = (await ada.user.sponsors.keys.add.mutate({ sponsor_id })).data;
    const acme = { sponsor_id, key: api_key };
    const service = await world.registerService(api_key);
    const campaignId = await world.createCampaign(acme, [service], { fundCents: 0, active: false });
    await ada.user.sponsors.webhooks.create.mutate({
      ...{ sponsor_id, url: "https://hooks.example.com/", event_types: ["answer.received"] },
    });
    const editor = await signInPerson(world.server.url, mailbox);
    await world.db.sponsorMember.create({
      data: { sponsorId: sponsor_id, userId: editor.userId, role: "editor" },
    });
    const invited = await signInPerson(world.server.url, mailbox);
    await ada.user.sponsors.team.invite.mutate({ sponsor_id, email: invited.email, role: "editor" });
    return { acme, service, campaignId, editor };
  }

  const expectOpen = async (): Promise<void> => {
    expect((await stored()).closedAt).toBeNull();
    expect((await ada.user.sponsors.list.query()).data.organisations).toMatchObject([{ sponsor_id }]);
  };

  test("ends keys, webhooks, invitations and memberships at once, and archives what it offered", async () => {
    const { acme, service, campaignId, editor } = await busyOrganisation();
    expect(await state()).toEqual({ is_fresh: true, active_campaigns: [], budgets: [], under_way: 0 });
    await close();
    expectRefused(await world.call("sponsor.listCampaigns", {}, acme.key), 401, "unauthorized");
    for (const person of [ada, editor]) {
      expect((await person.user.sponsors.list.query()).data.organisations).toEqual([]);
      expect(await refusalOf(person.user.sponsors.get.query({ sponsor_id }))).toMatchObject({
        error_code: "not_found",
      });
    }
    expect(await world.db.sponsorInvitation.count({ where: { sponsorId: sponsor_id } })).toBe(0);
    expect(await world.db.webhookEndpoint.findMany({ where: { listenerId: sponsor_id } })).toMatchObject([
      { endedAt: expect.any(Date) as Date, url: "", secret: null },
    ]);
    expect(await world.db.campaign.findUniqueOrThrow({ where: { id: campaignId } })).toMatchObject({
      ...{ active: false, archivedAt: expect.any(Date) as Date },
    });
    const { archivedAt } = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service } });
    expect(archivedAt).not.toBeNull();
    expect(await stored()).toMatchObject({ name: "Helio Maps", closedAt: expect.any(Date) as Date });
    expect(await entriesOf("close")).toMatchObject([{ userId: ada.userId, errorCode: null }]);
    expect((await ada.user.account.deletion_state.query()).data.owned_organisations).toEqual([]);
    const rotated = await world.call("admin.rotateSponsorKey", { sponsor_id }, ADMIN_KEY);
    expectRefused(rotated, 404, "not_found");
    await expectBooksToBalance(world.db);
  });

  test("is refused while a campaign is active, and says which", async () => {
    const { acme, campaignId } = await busyOrganisation();
    expectSuccess(
      await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: true }, acme.key),
    );
    expect((await state()).active_campaigns).toEqual([{ campaign_id: campaignId, name: "Weather survey" }]);
    expect(await refusalOf(close())).toMatchObject({
      error_code: "conflict",
      message: expect.stringContaining('"Weather survey" is still active') as string,
    });
    await expectOpen();
    expectSuccess(await world.call("sponsor.listCampaigns", {}, acme.key));
  });

  test("is refused while money is left or on its way, until it has been withdrawn", async () => {
    const { acme, service } = await busyOrganisation();
    const id = await world.createCampaign(acme, [service], { fundCents: 30, active: false });
    expect((await state()).budgets).toEqual([
      { campaign_id: id, service_key: null, name: "Weather survey", left_cents: 30 },
    ]);
    expect(await refusalOf(close())).toMatchObject({ error_code: "conflict" });
    await expectOpen();
    await ada.user.sponsors.set_wallet.mutate({ sponsor_id, wallet_address: `0x${"7".repeat(40)}` });
    await ada.user.sponsors.funds.withdraw.mutate({ sponsor_id, campaign_id: id, amount_cents: 30 });
    await eventually(async () => expect((await state()).under_way).toBe(0));
    await close();
    expect((await stored()).closedAt).not.toBeNull();
    await expectBooksToBalance(world.db);
  });

  test("is refused to an editor, with another name, and 16 minutes after the sign-in", async () => {
    const { editor } = await busyOrganisation();
    expect(await refusalOf(close(editor))).toMatchObject({ error_code: "forbidden" });
    expect(await refusalOf(close(ada, "Helio"))).toMatchObject({
      ...{ error_code: "validation_error", field_errors: [{ path: "/name" }] },
    });
    await ageSignIn(16);
    expect((await state()).is_fresh).toBe(false);
    expect(await refusalOf(close())).toMatchObject({ error_code: "conflict" });
    await expectOpen();
  });

  test("at the same moment as a campaign is started, one of the two is refused", async () => {
    const { acme, campaignId } = await busyOrganisation();
    const change = { campaign_id: campaignId, active: true };
    const [closed, started] = await Promise.allSettled([
      close(),
      world.call("sponsor.changeCampaign", change, acme.key),
    ]);
    const isStarted = started.status === "fulfilled" && started.value.status === 200;
    expect((closed.status === "fulfilled") !== isStarted).toBe(true);
    const { active } = await world.db.campaign.findUniqueOrThrow({ where: { id: campaignId } });
    expect(active).toBe(isStarted);
  });

  test("at the same moment as it is paid into, no money arrives in what is closed", async () => {
    const { acme, service } = await busyOrganisation();
    const id = await world.createCampaign(acme, [service], { fundCents: 0, active: false });
    const buyer = await createBuyer(500_000n);
    const fund = () =>
      buyer.post(
        `${world.server.url}/sponsor/campaigns/${id}/fund`,
        { amount_cents: 50 },
        { authorization: `Bearer ${acme.key}` },
      );
    const [closed, funded] = await Promise.allSettled([close(), fund()]);
    const isFunded = funded.status === "fulfilled" && funded.value.status === 200;
    expect(closed.status === "fulfilled" && isFunded).toBe(false);
    if (closed.status === "fulfilled") {
      expect(
        (await world.db.campaign.findUniqueOrThrow({ where: { id }, include: { budgetAccount: true } }))
          .budgetAccount.limit,
      ).toBe(0n);
    }
    await expectBooksToBalance(world.db);
  });
});
