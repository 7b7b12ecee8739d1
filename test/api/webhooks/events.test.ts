import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRespondent, withdraw } from "../../support/answers.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { INPUT_SCHEMA } from "../../support/caller.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { signInPerson } from "../../support/console-client.ts";
import { eventually } from "../../support/eventually.ts";
import { Mailbox } from "../../support/people.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";
import { verify, WebhookReceiver } from "../../support/webhook-receiver.ts";
import { EVENT_TYPES } from "../../../src/core/webhooks/event/index.ts";

/** What sponsors and the owners of agents are told, as their servers get it. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });

/** Words that must not leave in any event: an answer, names, an address, an upstream's header. */
const CANARIES = [
  "Serra da Estrela",
  "Wet Survey",
  "Umbrella Corp",
  "Umbrella agent",
  "x-api-key-of-the-upstream",
];

let wallet: `0x${string}`;
let acme: SponsorWithKey;
let receiver: WebhookReceiver;
let secret: string;
/** Another sponsor, who listens to everything. */
let globex: WebhookReceiver;

const createWebhook = async (
  key: string,
  url: string,
  changes: Record<string, unknown> = {},
): Promise<{ endpoint_id: string; secret: string }> => {
  const made = await world.post("/sponsor/webhooks", key, { url, ...changes });
  return { ...(made["webhook"] as unknown as { endpoint_id: string }), secret: made["secret"] as never };
};

beforeAll(async () => {
  wallet = privateKeyToAddress(generatePrivateKey());
  acme = await world.createSponsor("Umbrella Corp", wallet);
  receiver = await new WebhookReceiver().start();
  ({ secret } = await createWebhook(acme.key, receiver.url));
  globex = await new WebhookReceiver().start();
  await createWebhook((await world.createSponsor("Globex")).key, globex.url);
});
afterAll(() => {
  receiver.close();
  globex.close();
});

const offer = async (fundCents: number, behaviour: "honest" | "lost" | "fails" = "honest") => {
  const service = await world.registerService(acme.key, behaviour, {
    upstream_headers: { authorization: "x-api-key-of-the-upstream" },
  });
  const campaignId = await world.createCampaign(acme, [service], { name: "Wet Survey", fundCents });
  return { service, campaignId };
};

describe("a sponsor", () => {
  test("hears of an answer and of its withdrawal, in this order", async () => {
    const { campaignId } = await offer(100);
    const ada = await createRespondent(world);
    const answerId = await ada.answer(campaignId, { score: 4, region: "Serra da Estrela" });
    await withdraw(world, ada, campaignId);
    await eventually(() =>
      expect(
        receiver.received.filter(({ data }) => data["answer_id"] === answerId).map(({ type }) => type),
      ).toEqual(["answer.received", "answer.withdrawn"]),
    );
    const [received] = receiver.of("answer.received");
    expect(received?.data).toEqual({ answer_id: answerId, campaign_id: campaignId });
    expect(received?.headers).toMatchObject({ "content-type": "application/json" });
    for (const event of receiver.received) verify(event, secret);
  });

  test("hears of 80 and 95 percent once each, and of a budget that pays for nothing more; a top-up starts anew", async () => {
    const { service, campaignId } = await offer(10);
    const ada = await createRespondent(world);
    await ada.answer(campaignId);
    let spent = 0;
    const spend = async (): Promise<void> => {
      expectSuccess(await world.run(ada.token, service, { input: { n: (spent += 1) } }));
      // Undecided payments of one person may only hold a share of a budget.
      await eventually(async () =>
        expect(await world.db.payment.count({ where: { service, status: { not: "settled" } } })).toBe(0),
      );
    };
    const told = () =>
      receiver.received
        .filter(({ type, data }) => data["campaign_id"] === campaignId && type.startsWith("campaign."))
        .map(({ type, data }) => [type, data["threshold_percent"]]);
    for (let n = 0; n < 3; n += 1) await spend();
    expect(told()).toEqual([]);
    await spend(); // 8 of 10 cents
    await eventually(() => expect(told()).toEqual([["campaign.budget_low", 80]]));
    await spend(); // 10 of 10
    const ALL = [
      ["campaign.budget_low", 80],
      ["campaign.budget_low", 95],
      ["campaign.exhausted", undefined],
    ];
    await eventually(() => expect(told()).toEqual(ALL));

    // 10 of 20 cents: below all of them, until 16.
    await world.bookCredit(acme.sponsor_id, { campaign_id: campaignId }, 10);
    for (let n = 0; n < 3; n += 1) await spend();
    await eventually(() => expect(told()).toEqual([...ALL, ["campaign.budget_low", 80]]));
  });

  test("hears of a small budget that doesn't cover one more call, below 80 percent", async () => {
    const { service, campaignId } = await offer(3);
    const ada = await createRespondent(world);
    await ada.answer(campaignId);
    expectSuccess(await world.run(ada.token, service));
    const [exhausted] = (await eventuallyOf(campaignId, 1)).map(({ type }) => type);
    expect(exhausted).toBe("campaign.exhausted");
  });

  const eventuallyOf = async (campaignId: string, count: number) => {
    const of = () =>
      receiver.received.filter(
        ({ type, data }) => data["campaign_id"] === campaignId && type.startsWith("campaign."),
      );
    await eventually(() => expect(of().length).toBe(count));
    return of();
  };

  test("hears of payments that brought nothing, and of the service that was set aside for them", async () => {
    const { service, campaignId } = await offer(100, "fails");
    for (let n = 0; n < 3; n += 1) {
      const ada = await createRespondent(world);
      await ada.answer(campaignId);
      expectRefused(await world.run(ada.token, service), 502, "upstream_error");
    }
    const undelivered = await receiver.wait("payment.undelivered", 3);
    const payments = await world.db.payment.findMany({ where: { service } });
    expect(undelivered.map(({ data }) => data)).toEqual(
      expect.arrayContaining(
        payments.map(({ id }) => ({ payment_id: id, service_key: service, campaign_id: campaignId })),
      ),
    );
    const [aside] = await receiver.wait("service.set_aside");
    expect(aside?.data).toEqual({ service_key: service });
  });

  test("hears nothing of a payment whose answer comes after the chain has settled it", async () => {
    const service = await world.registerService(acme.key, "honest", { timeout_ms: 20_000 });
    const campaignId = await world.createCampaign(acme, [service], { fundCents: 100 });
    const ada = await createRespondent(world);
    await ada.answer(campaignId);
    const held = world.upstream.hold("paid");
    const running = world.run(ada.token, service);
    await held.arrived();
    const event = () =>
      world.db.webhookDelivery.findFirst({
        where: { type: "payment.undelivered", data: { path: ["service_key"], equals: service } },
      });
    await eventually(async () => expect((await event())?.dueAt.getTime()).toBeGreaterThan(Date.now()));
    held.open();
    expectSuccess(await running);
    await eventually(async () => expect(await event()).toBeNull());
    expect(receiver.of("payment.undelivered").map(({ data }) => data["service_key"])).not.toContain(service);
  });

  test("hears of a withdrawal with its transaction", async () => {
    const { campaignId } = await offer(50);
    const { withdrawal } = expectSuccess(
      await world.call(
        "sponsor.withdrawFromCampaign",
        { campaign_id: campaignId, amount_cents: 20 },
        acme.key,
      ),
    );
    const [settled] = await receiver.wait("withdrawal.settled");
    const { withdrawal_id } = withdrawal as { withdrawal_id: string };
    const payout = await world.db.payout.findUniqueOrThrow({ where: { id: withdrawal_id } });
    expect(settled?.data).toEqual({ withdrawal_id, tx_hash: payout.txHash });
  });
});

describe("an agent's owner", () => {
  let owner: SignedIn;
  let hooks: WebhookReceiver;
  let agentId: string;
  let ownSecret: string;
  let key: string;
  beforeAll(async () => {
    owner = await signInPerson(world.server.url, mailbox);
    hooks = await new WebhookReceiver().start();
    const made = (await owner.user.build.register.mutate({ name: "Umbrella agent" })).data;
    [agentId, key] = [made.agent_id, made.api_key];
    ownSecret = (await owner.user.build.webhooks.create.mutate({ agent_id: agentId, url: hooks.url })).data
      .secret;
    return () => hooks.close();
  });

  test("hears what a person decided, of a budget that is nearly spent, and of a suspension", async () => {
    const scopes = {
      allowed_task_types: ["survey"],
      allowed_data_types: [],
      allowed_categories: ["weather"],
    };
    const asked = await world.call("agent.auth", { scopes, budget_limit_cents: 10 }, key);
    const { approval_id } = expectRefused(asked, 403, "consent_required").details as { approval_id: string };
    const userId = await world.createUser();
    expectSuccess(
      await world.approve(approval_id, userId, {
        scopes,
        budget_limit_cents: 10,
        expires_at: daysFromNow(1),
      }),
    );
    const [decided] = await hooks.wait("approval.decided");
    expect(decided?.data).toEqual({ agent_id: agentId, approval_id, kind: "grant", status: "approved" });

    const grant = await world.db.grant.findFirstOrThrow({ where: { userId, agentId } });
    const { token, session_id } = await world.openSession(
      { agent_key: key, subject: grant.subject },
      { budgetCents: 10, scopes: { ...scopes } },
    );
    const { service, campaignId } = await offer(100);
    await world.completeTask(token, campaignId);
    for (let n = 0; n < 5; n += 1) expectSuccess(await world.run(token, service, { input: { n } }));
    const approaching = await hooks.wait("budget.approaching", 2);
    expect(approaching.map(({ data }) => data)).toEqual(
      [80, 95].map((threshold_percent) => ({ agent_id: agentId, subject: grant.subject, threshold_percent })),
    );

    const registration = await world.createCampaign(acme, [service], {
      task_type: "registration",
      fundCents: 0,
    });
    for (let n = 0; n < 3; n += 1)
      expectRefused(
        await world.call("agent.getTask", { campaign_id: registration }, token),
        403,
        "scope_violation",
      );
    const [suspended] = await hooks.wait("session.suspended");
    expect(suspended?.data).toEqual({
      ...{ agent_id: agentId, subject: grant.subject, reason: "scope_violations" },
      session_ids: [session_id],
    });
    for (const event of hooks.received) verify(event, ownSecret);
  });

  test("hears nothing more once another person looks after the agent", async () => {
    const heir = await signInPerson(world.server.url, mailbox);
    await owner.user.build.offers.make.mutate({ agent_id: agentId, email: heir.email });
    await heir.user.build.offers.accept.mutate({ agent_id: agentId });
    expect((await heir.user.build.webhooks.list.query({ agent_id: agentId })).data.webhooks).toEqual([]);
    const [endpoint] = await world.db.webhookEndpoint.findMany({ where: { listenerId: agentId } });
    expect(endpoint).toMatchObject({
      url: "",
      secret: null,
      previousSecret: null,
      endedAt: expect.any(Date),
    });
    const before = hooks.received.length;
    const scopes = { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] };
    const asked = await world.call("agent.auth", { scopes, budget_limit_cents: 10 }, key);
    const { approval_id } = expectRefused(asked, 403, "consent_required").details as { approval_id: string };
    expectSuccess(
      await world.approve(approval_id, await world.createUser(), {
        ...{ scopes, budget_limit_cents: 10, expires_at: daysFromNow(1) },
      }),
    );
    expect(await world.db.webhookDelivery.count({ where: { objectId: approval_id } })).toBe(0);
    expect(hooks.received.length).toBe(before);
  });
});

test("each event there is was sent above, with ids, states and times, and without anything else", async () => {
  expect(globex.received).toEqual([]);
  const deliveries = await world.db.webhookDelivery.findMany();
  const types = new Set(deliveries.map(({ type }) => type));
  expect([...types].sort()).toEqual(EVENT_TYPES.filter((type) => type !== "webhook.test").sort());
  const sent = receiver.received.map(({ body, headers }) => JSON.stringify([body, headers])).join();
  for (const canary of [...CANARIES, "@", JSON.stringify(INPUT_SCHEMA)]) expect(sent).not.toContain(canary);
});
