import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { purgeOldDeliveries } from "../../../src/core/webhooks/delivery/index.ts";
import { secondsUntilRetry } from "../../../src/core/webhooks/delivery/rules.ts";
import { boundWaiting } from "../../../src/core/webhooks/endpoint/index.ts";
import { createRespondent, withdraw } from "../../support/answers.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";
import type { ReceivedEvent } from "../../support/webhook-receiver.ts";
import { useReceiver, verify } from "../../support/webhook-receiver.ts";

/** How events reach an endpoint: signed, again after a failure, in order, and what its owner can do about it. */

const world = useWorld({ upstreamFor: "all tests" });
const receiver = useReceiver();
let acme: SponsorWithKey;
let campaignId: string;
let endpointId: string;
let secret: string;

beforeEach(async () => {
  acme = await world.createSponsor();
  campaignId = await world.createCampaign(acme, [await world.registerService(acme.key)], { fundCents: 0 });
  ({ endpoint_id: endpointId, secret } = await create());
});

const sponsor = (operation: string, input: Record<string, unknown> = {}, key = acme.key): Promise<Answer> =>
  world.call(`sponsor.${operation}`, input, key);

async function create(
  changes: Record<string, unknown> = {},
): Promise<{ endpoint_id: string; secret: string }> {
  const made = expectSuccess(await sponsor("createWebhook", { url: receiver.url, ...changes }));
  return { endpoint_id: made.webhook.endpoint_id as string, secret: made.secret as string };
}
const shown = async (id = endpointId) => expectSuccess(await sponsor("getWebhook", { endpoint_id: id }));
const deliveries = async (filter: Record<string, unknown> = {}) =>
  expectSuccess(await sponsor("listWebhookDeliveries", { endpoint_id: endpointId, ...filter }))
    .deliveries as Record<string, unknown>[];
/** Lets what was put off be due. */
const dueNow = () =>
  world.db.webhookDelivery.updateMany({
    where: { endpointId, status: "pending" },
    data: { dueAt: new Date() },
  });
const answered = async () => (await createRespondent(world)).answer(campaignId);
const statuses = (events: ReceivedEvent[]) => events.map(({ type }) => type);

test("ten attempts within three days, each later than the one before", () => {
  const waits = Array.from({ length: 10 }, (_, n) => secondsUntilRetry(n + 1, () => 0));
  expect(waits.at(-1)).toBeUndefined();
  const seconds = waits.slice(0, -1).map((wait) => wait ?? 0);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  const days = seconds.reduce((sum, wait) => sum + wait, 0) / 86_400;
  expect([days > 2.5, days < 3.1]).toEqual([true, true]);
  expect(secondsUntilRetry(1, () => 1)).toBe(33);
});

test("a failed attempt is repeated with the same id, and a later event of the same object waits for it", async () => {
  receiver.answer = (res) => void res.writeHead(500).end();
  const ada = await createRespondent(world);
  await ada.answer(campaignId);
  const [first] = await receiver.wait("answer.received");
  await withdraw(world, ada, campaignId);
  // Another object's event doesn't wait.
  const other = await answered();
  await eventually(() => expect(receiver.received.map(({ data }) => data["answer_id"])).toContain(other));
  expect(receiver.of("answer.withdrawn")).toEqual([]);
  await eventually(async () =>
    expect(await shown()).toMatchObject({
      active: true,
      failing_since: expect.any(String) as string,
      last_attempt: { status: 500, failure: "status" },
      waiting: 3,
    }),
  );

  receiver.answer = (res) => void res.writeHead(200).end("taken");
  await dueNow();
  await receiver.wait("answer.withdrawn");
  const own = receiver.received.filter(({ data }) => data["answer_id"] === first?.data["answer_id"]);
  expect(statuses(own)).toEqual(["answer.received", "answer.received", "answer.withdrawn"]);
  expect(own[1]?.id).toBe(own[0]?.id);
  for (const event of receiver.received) verify(event, secret);
  await eventually(async () => expect(await shown()).toMatchObject({ failing_since: null, waiting: 0 }));
  expect(await deliveries()).toMatchObject(
    [2, 1, 2].map((attempts) => ({ status: "delivered", attempts, next_attempt_at: null })),
  );
});

test("an event is given up after its last attempt, the next one of its object is sent, and it can be sent again", async () => {
  receiver.answer = (res, _req, { type }) => void res.writeHead(type === "answer.received" ? 400 : 200).end();
  const ada = await createRespondent(world);
  const answerId = await ada.answer(campaignId);
  await receiver.wait("answer.received");
  await withdraw(world, ada, campaignId);
  await eventually(async () => expect(await deliveries({ status: "pending" })).toHaveLength(2));
  await world.db.webhookDelivery.updateMany({
    where: { endpointId, type: "answer.received" },
    data: { attempts: 9, dueAt: new Date() },
  });
  await receiver.wait("answer.withdrawn");
  const [givenUp] = await deliveries({ status: "given_up" });
  expect(givenUp).toMatchObject({
    type: "answer.received",
    data: { answer_id: answerId, campaign_id: campaignId },
    ...{ attempts: 10, next_attempt_at: null, last_attempt: { status: 400, failure: "status" } },
  });

  receiver.answer = (res) => void res.writeHead(204).end();
  const since = { endpoint_id: endpointId, given_up_since: secondsFromNow(-60) };
  expect(expectSuccess(await sponsor("replayWebhook", since))).toEqual({ replayed: 1 });
  const received = await receiver.wait("answer.received", 3);
  expect(new Set(received.map(({ id }) => id))).toEqual(new Set([givenUp?.["event_id"]]));
  await eventually(async () => expect(await deliveries({ status: "given_up" })).toEqual([]));
  expect(expectSuccess(await sponsor("replayWebhook", since))).toEqual({ replayed: 0 });
  // A delivered one too, and only that one.
  const again = { endpoint_id: endpointId, event_id: givenUp?.["event_id"] };
  expect(expectSuccess(await sponsor("replayWebhook", again))).toEqual({ replayed: 1 });
  await receiver.wait("answer.received", 4);
  expect(receiver.of("answer.withdrawn")).toHaveLength(1);
});

test("a test event shows that an endpoint takes events; its owner sees what its server answered", async () => {
  const sent = expectSuccess(await sponsor("testWebhook", { endpoint_id: endpointId }));
  const [event] = await receiver.wait("webhook.test");
  expect(event).toMatchObject({ id: sent.event_id, data: { endpoint_id: endpointId } });
  if (event !== undefined) verify(event, secret);
  await eventually(async () =>
    expect(await deliveries()).toMatchObject([
      { status: "delivered", last_attempt: { status: 204, failure: null } },
    ]),
  );
});

test("after a rotation both secrets sign until the overlap ends, and without an overlap only the new one", async () => {
  const rotate = async (overlap_seconds: number): Promise<string> =>
    expectSuccess(await sponsor("rotateWebhookSecret", { endpoint_id: endpointId, overlap_seconds })).secret;
  const send = async (count: number): Promise<ReceivedEvent> => {
    await sponsor("testWebhook", { endpoint_id: endpointId });
    const event = (await receiver.wait("webhook.test", count)).at(-1);
    await eventually(async () => expect(await shown()).toMatchObject({ waiting: 0 }));
    return event as ReceivedEvent;
  };
  const second = await rotate(3_600);
  expect(await shown()).toMatchObject({ previous_secret_until: expect.any(String) as string });
  const both = await send(1);
  verify(both, secret);
  verify(both, second);

  await world.db.webhookEndpoint.update({ where: { id: endpointId }, data: { previousUntil: new Date() } });
  const after = await send(2);
  verify(after, second);
  expect(() => verify(after, secret)).toThrow("No matching signature");
  const third = await rotate(0);
  const last = await send(3);
  verify(last, third);
  expect(() => verify(last, second)).toThrow("No matching signature");
  expect(await world.db.webhookEndpoint.findUnique({ where: { id: endpointId } })).toMatchObject({
    previousSecret: null,
  });
});

test("a changed body, another id and an old timestamp don't verify", async () => {
  await sponsor("testWebhook", { endpoint_id: endpointId });
  const [event] = await receiver.wait("webhook.test");
  if (event === undefined) throw new Error("nothing came");
  const changed = (headers: Record<string, string>, body = event.body): ReceivedEvent => ({
    ...event,
    body,
    headers: { ...event.headers, ...headers },
  });
  expect(() => verify(changed({}, `${event.body} `), secret)).toThrow("No matching signature");
  expect(() => verify(changed({ "webhook-id": endpointId }), secret)).toThrow("No matching signature");
  const old = String(Math.floor(Date.now() / 1000) - 301);
  expect(() => verify(changed({ "webhook-timestamp": old }), secret)).toThrow("too old");
});

describe("an endpoint's owner", () => {
  test("hears only of the types that were asked for", async () => {
    await sponsor("changeWebhook", { endpoint_id: endpointId, event_types: ["answer.withdrawn"] });
    const ada = await createRespondent(world);
    await ada.answer(campaignId);
    await withdraw(world, ada, campaignId);
    await receiver.wait("answer.withdrawn");
    expect(await world.db.webhookDelivery.count({ where: { endpointId } })).toBe(1);
  });

  test("pauses it: events are kept, and sent in order once it is active again", async () => {
    await sponsor("changeWebhook", { endpoint_id: endpointId, active: false });
    expect(await shown()).toMatchObject({ active: false, paused: { reason: "owner" } });
    const ada = await createRespondent(world);
    await ada.answer(campaignId);
    await withdraw(world, ada, campaignId);
    expect(await shown()).toMatchObject({ waiting: 2 });
    for (const operation of ["testWebhook", "replayWebhook"]) {
      const input = {
        endpoint_id: endpointId,
        ...(operation === "replayWebhook" && { event_id: endpointId }),
      };
      expectRefused(await sponsor(operation, input), 409, "conflict");
    }
    expect(receiver.received).toEqual([]);
    await sponsor("changeWebhook", { endpoint_id: endpointId, active: true });
    await receiver.wait("answer.withdrawn");
    expect(statuses(receiver.received)).toEqual(["answer.received", "answer.withdrawn"]);
  });

  test("deletes it: what waits isn't sent, and nothing of it is left but its id", async () => {
    await sponsor("changeWebhook", { endpoint_id: endpointId, active: false });
    await answered();
    expectSuccess(await sponsor("deleteWebhook", { endpoint_id: endpointId }));
    expectRefused(await sponsor("getWebhook", { endpoint_id: endpointId }), 404, "not_found");
    const row = await world.db.webhookEndpoint.findUnique({ where: { id: endpointId } });
    expect(row).toMatchObject({ url: "", secret: null, previousSecret: null });
    await answered();
    expect(await world.db.webhookDelivery.count({ where: { endpointId } })).toBe(1);
  });

  test("sees why it was paused after failing for days, and lets it go on", async () => {
    receiver.answer = (res) => void res.writeHead(500).end();
    await answered();
    await eventually(async () =>
      expect(await shown()).toMatchObject({ failing_since: expect.any(String) as string }),
    );
    const longAgo = new Date(Date.now() - 3 * 86_400_000 - 1_000);
    await world.db.webhookEndpoint.update({ where: { id: endpointId }, data: { failingSince: longAgo } });
    await dueNow();
    await eventually(async () =>
      expect(await shown()).toMatchObject({ active: false, paused: { reason: "failing" }, waiting: 1 }),
    );
    receiver.answer = (res) => void res.writeHead(204).end();
    await sponsor("changeWebhook", { endpoint_id: endpointId, active: true });
    await eventually(async () =>
      expect(await shown()).toMatchObject({ active: true, paused: null, failing_since: null, waiting: 0 }),
    );
  });

  test("sees that a server that answers 410 gets nothing more", async () => {
    receiver.answer = (res) => void res.writeHead(410).end();
    await answered();
    await eventually(async () =>
      expect(await shown()).toMatchObject({ active: false, paused: { reason: "gone" } }),
    );
    expect(await shown()).toMatchObject({ waiting: 1 });
  });
});

test("once 10,000 events wait, further ones aren't kept, and its owner sees from when to when", async () => {
  await sponsor("changeWebhook", { endpoint_id: endpointId, active: false });
  await answered();
  await world.db.$executeRaw`
    INSERT INTO webhook_deliveries (event_id, endpoint_id, type, object_id, data)
    SELECT gen_random_uuid(), ${endpointId}::uuid, 'answer.received', gen_random_uuid(), '{}' FROM generate_series(1, 9999)`;
  const bounded = () => boundWaiting.all(world.deps.sql, {});
  await bounded();
  expect(await shown()).toMatchObject({
    waiting: 10_000,
    not_kept: { from: expect.any(String) as string, until: null },
  });
  await answered();
  expect(await shown()).toMatchObject({ waiting: 10_000 });

  await world.db.webhookDelivery.deleteMany({ where: { endpointId, data: { equals: {} } } });
  await bounded();
  expect(await shown()).toMatchObject({ waiting: 1, not_kept: { until: expect.any(String) as string } });
  await answered();
  expect(await shown()).toMatchObject({ waiting: 2 });
});

test("delivered events go after a week, given up ones after 30 days, and all of an endpoint that was deleted", async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  await sponsor("changeWebhook", { endpoint_id: endpointId, active: false });
  const rows: [string, number][] = [
    ...(["delivered", "given_up", "pending"] as const).flatMap((status) =>
      [6, 8, 31].map((days): [string, number] => [status, days]),
    ),
  ];
  for (const [status, days] of rows)
    await world.db.webhookDelivery.create({
      data: {
        ...{
          eventId: randomUUID(),
          endpointId,
          type: "webhook.test",
          objectId: randomUUID(),
          data: { days },
          status,
        },
        occurredAt: daysAgo(days),
        endedAt: status === "pending" ? null : daysAgo(days),
      },
    });
  await purgeOldDeliveries(world.deps);
  const left = await world.db.webhookDelivery.findMany({ where: { endpointId } });
  expect(left.map(({ status, data }) => `${status} ${(data as { days: number }).days}`).sort()).toEqual([
    "delivered 6",
    "given_up 6",
    "given_up 8",
    "pending 6",
    "pending 8",
  ]);
  await sponsor("deleteWebhook", { endpoint_id: endpointId });
  await world.db.webhookEndpoint.update({ where: { id: endpointId }, data: { endedAt: daysAgo(1) } });
  await purgeOldDeliveries(world.deps);
  expect(await world.db.webhookDelivery.count({ where: { endpointId } })).toBe(0);
  expect(await world.db.webhookEndpoint.findUnique({ where: { id: endpointId } })).toBeNull();
});

describe("refused, and nothing is changed", () => {
  test.each([
    [{ url: "ftp://sponsor.example/hook" }, "/url"],
    [{ url: "http://ada:secret@sponsor.example/hook" }, "/url"],
    [{ url: `https://sponsor.example/${"x".repeat(500)}` }, "/url"],
    [{ event_types: [] }, "/event_types"],
    [{ event_types: ["*", "answer.received"] }, "/event_types"],
    [{ event_types: ["approval.decided"] }, "/event_types/0"],
  ])("%j", async (changes, path) => {
    const refused = expectRefused(
      await sponsor("createWebhook", { url: receiver.url, ...changes }),
      400,
      "validation_error",
    );
    expect(refused.field_errors).toMatchObject([{ path }]);
    expect(expectSuccess(await sponsor("listWebhooks")).webhooks).toHaveLength(1);
  });

  test("another sponsor's webhook is not found, whatever is asked of it", async () => {
    const globex = await world.createSponsor("Globex");
    const before = await world.db.webhookEndpoint.findUnique({ where: { id: endpointId } });
    for (const [operation, input] of Object.entries({
      getWebhook: {},
      changeWebhook: { active: false, url: "https://globex.example/hook" },
      deleteWebhook: {},
      rotateWebhookSecret: {},
      testWebhook: {},
      listWebhookDeliveries: {},
      replayWebhook: { given_up_since: secondsFromNow(-60) },
    }))
      expectRefused(
        await sponsor(operation, { endpoint_id: endpointId, ...input }, globex.key),
        404,
        "not_found",
      );
    expect(await world.db.webhookEndpoint.findUnique({ where: { id: endpointId } })).toEqual(before);
  });

  test("of ten webhooks at once, five are made", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sponsor("createWebhook", { url: receiver.url })),
    );
    const made = answers.filter(({ status }) => status === 200);
    expect(made).toHaveLength(4); // one was there
    for (const answer of answers) if (answer.status !== 200) expectRefused(answer, 409, "conflict");
    expect(await world.db.webhookEndpoint.count({ where: { listenerId: acme.sponsor_id } })).toBe(5);
  });

  test("a replay asks for one event or for a time, not for both or none", async () => {
    for (const input of [{}, { event_id: endpointId, given_up_since: secondsFromNow(-60) }])
      expectRefused(
        await sponsor("replayWebhook", { endpoint_id: endpointId, ...input }),
        400,
        "validation_error",
      );
    expectRefused(
      await sponsor("replayWebhook", { endpoint_id: endpointId, event_id: endpointId }),
      404,
      "not_found",
    );
  });
});
