import { expect, test } from "vitest";
import { createRespondent, withdraw } from "../support/answers.ts";
import { atOnce } from "../support/at-once.ts";
import { eventually } from "../support/eventually.ts";
import { useReplica, useWorld } from "../support/use-world.ts";
import { useReceiver } from "../support/webhook-receiver.ts";

/** Events of changes at the same time, sent by two servers. */

const world = useWorld({ upstreamFor: "all tests" });
const replica = useReplica(world);
const receiver = useReceiver();

const listeningSponsor = async () => {
  const sponsor = await world.createSponsor();
  await world.post("/sponsor/webhooks", sponsor.key, { url: receiver.url });
  return sponsor;
};

test("of runs at once that use up a budget, each threshold is told of once, in order", async () => {
  const acme = await listeningSponsor();
  const service = await world.registerService(acme.key, "honest", { timeout_ms: 10_000 });
  const campaignId = await world.createCampaign(acme, [service], { fundCents: 40 });
  const people = await atOnce(10, () => createRespondent(world));
  for (const person of people) await person.answer(campaignId);
  const callers = [world, replica];
  const paid = async () =>
    (await world.db.payment.findMany({ where: { service, status: "settled" } })).length;
  // Undecided payments of one person may only hold a share of a budget, so some are refused in the first rounds.
  for (let round = 0; (await paid()) < 20; round += 1) {
    await Promise.all(
      people.map(({ token }, n) => (callers[n % 2] ?? world).run(token, service, { input: { n: round } })),
    );
    await eventually(async () => expect(await world.db.openPayment.count({ where: { service } })).toBe(0));
  }
  const told = () =>
    receiver.received
      .filter(({ data, type }) => data["campaign_id"] === campaignId && type.startsWith("campaign."))
      .map(({ type, data }) => [type, data["threshold_percent"]]);
  const expected = [
    ["campaign.budget_low", 80],
    ["campaign.budget_low", 95],
    ["campaign.exhausted", undefined],
  ];
  await eventually(() => expect(told()).toEqual(expected));
  expect(await world.db.webhookDelivery.count({ where: { objectId: campaignId } })).toBe(3);
});

test("of answers given and withdrawn at once, each event comes once, and an answer's withdrawal after it", async () => {
  const acme = await listeningSponsor();
  const service = await world.registerService(acme.key);
  const campaignId = await world.createCampaign(acme, [service], { fundCents: 0 });
  const people = await atOnce(20, () => createRespondent(world));
  await Promise.all(
    people.map(async (person) => {
      await person.answer(campaignId);
      await withdraw(world, person, campaignId);
    }),
  );
  await eventually(() => expect(receiver.received.length).toBe(40));
  const ofAnswer = new Map<unknown, string[]>();
  for (const { type, data } of receiver.received)
    ofAnswer.set(data["answer_id"], [...(ofAnswer.get(data["answer_id"]) ?? []), type]);
  expect([...ofAnswer.values()]).toEqual(Array(20).fill(["answer.received", "answer.withdrawn"]));
  // Two servers sent them, and no event twice.
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(40);
  await eventually(async () =>
    expect(await world.db.webhookDelivery.count({ where: { status: "pending" } })).toBe(0),
  );
  expect(receiver.received.length).toBe(40);
});
