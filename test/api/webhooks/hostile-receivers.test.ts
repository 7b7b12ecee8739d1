import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRespondent } from "../../support/answers.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorld } from "../../support/use-world.ts";
import { useReceiver, WebhookReceiver } from "../../support/webhook-receiver.ts";

/** Receivers that are slow, lie, redirect, or never end: they delay nobody else, and learn nothing. */

const world = useWorld({ upstreamFor: "all tests" });
/** Where the others would like us to go. */
const elsewhere = useReceiver();
let hostile: WebhookReceiver;
let acme: SponsorWithKey;
let campaignId: string;

beforeEach(async () => {
  hostile = await new WebhookReceiver().start();
  acme = await world.createSponsor();
  campaignId = await world.createCampaign(acme, [await world.registerService(acme.key)], { fundCents: 0 });
});
afterEach(() => hostile.close());

const listen = async (sponsor: SponsorWithKey, url: string): Promise<string> => {
  const made = await world.post("/sponsor/webhooks", sponsor.key, { url });
  return (made["webhook"] as unknown as { endpoint_id: string }).endpoint_id;
};
const sendTest = async (sponsor: SponsorWithKey, endpoint_id: string) =>
  expectSuccess(await world.call("sponsor.testWebhook", { endpoint_id }, sponsor.key));
const attempt = async (endpointId: string) => {
  const { last_attempt } = expectSuccess(
    await world.call("sponsor.getWebhook", { endpoint_id: endpointId }, acme.key),
  );
  if (last_attempt === null) throw new Error("not tried yet");
  return last_attempt as { status: number | null; failure: string | null };
};

/** Writes for ever. */
const endless = (res: ServerResponse): void => {
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (!res.destroyed && res.write(chunk));
  };
  res.on("drain", more);
  more();
};

type Trick = (res: ServerResponse, req: IncomingMessage) => void;
const TRICKS: [string, Trick, { status: number | null; failure: string | null }][] = [
  [
    "redirects to another address",
    (res) => void res.writeHead(307, { location: elsewhere.url }).end(),
    { status: 307, failure: "status" },
  ],
  [
    "says that it moved for good",
    (res) => void res.writeHead(301, { location: elsewhere.url }).end(),
    { status: 301, failure: "status" },
  ],
  [
    "answers 200 with a body that never ends",
    (res) => endless(res.writeHead(200)),
    { status: 200, failure: null },
  ],
  [
    "announces a body that never comes",
    (res) => res.writeHead(200, { "content-length": "1000000000" }).flushHeaders(),
    { status: 200, failure: null },
  ],
  [
    "answers 500 with a body that never ends",
    (res) => endless(res.writeHead(500)),
    { status: 500, failure: "status" },
  ],
  [
    "sends headers without end",
    (res) => void res.writeHead(200, { "x-filler": "x".repeat(200_000) }).end(),
    { status: null, failure: "cut" },
  ],
  ["hangs up", (_res, req) => void req.socket.destroy(), { status: null, failure: "cut" }],
];

test.each(TRICKS)("a receiver that %s", async (_what, answer, outcome) => {
  hostile.answer = answer;
  const endpointId = await listen(acme, hostile.url);
  await sendTest(acme, endpointId);
  await eventually(async () => expect(await attempt(endpointId)).toMatchObject(outcome));
  expect(elsewhere.received).toEqual([]);
  const row = await world.db.webhookDelivery.findFirstOrThrow({ where: { endpointId } });
  expect(row.status).toBe(outcome.failure === null ? "delivered" : "pending");
});

test("given more receivers that never answer than there are places, one that answers gets its events meanwhile", async () => {
  const good = await listen(acme, elsewhere.url);
  await sendTest(acme, good);
  await elsewhere.wait("webhook.test");
  // It has answered quickly, so it keeps the places of those that do.
  await eventually(async () => expect(await attempt(good)).toMatchObject({ status: 204 }));

  hostile.answer = () => undefined;
  for (let n = 0; n < 8; n += 1) {
    const sponsor = await world.createSponsor();
    for (let i = 0; i < 5; i += 1) await sendTest(sponsor, await listen(sponsor, hostile.url));
  }
  await eventually(() => expect(hostile.received.length).toBeGreaterThanOrEqual(16));
  const ada = await createRespondent(world);
  await ada.answer(campaignId);
  await elsewhere.wait("answer.received");
  // They still hang: none was tried a second time, nor has one been given up on.
  expect(await world.db.webhookDelivery.count({ where: { attempts: { gt: 1 } } })).toBe(0);
  const hanging = { type: "webhook.test", status: "pending", lastFailure: null };
  expect(await world.db.webhookDelivery.count({ where: hanging })).toBe(40);
});

test("an address that isn't public is refused, and nothing is registered", async () => {
  const strict = { allowPrivate: false, allowedOrigins: [], httpsOnly: true };
  const replica = await world.startReplica({ upstreams: strict });
  for (const url of [
    hostile.url,
    "https://127.0.0.1/hook",
    "https://[::1]/hook",
    "http://sponsor.example/hook",
  ]) {
    const refused = expectRefused(
      await replica.caller.call("sponsor.createWebhook", { url }, acme.key),
      400,
      "validation_error",
    );
    expect(refused.field_errors).toMatchObject([{ path: "/url" }]);
  }
  await replica.stop();
  expect(await world.db.webhookEndpoint.count({ where: { listenerId: acme.sponsor_id } })).toBe(0);
});
