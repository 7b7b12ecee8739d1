import { beforeAll, expect, test } from "vitest";
import { CONSENT, Caller } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import { ADMIN_KEY } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { useReceiver, verify } from "../support/webhook-receiver.ts";

/** Events, with a server that is killed. */

const receiver = useReceiver();
let server: KillableServer;
let upstream: Upstream;
const caller = new Caller(() => server.url());
beforeAll(async () => {
  upstream = await startUpstream();
  server = await startKillable();
  return async () => {
    await server.close();
    await upstream.close();
  };
});

/** What the time would do: leases of the killed server end, and what was put off is due. */
async function letTimePass(): Promise<void> {
  const { db } = server.database;
  await db.webhookEndpoint.updateMany({ data: { busyUntil: new Date() } });
  await db.webhookDelivery.updateMany({ where: { status: "pending" }, data: { dueAt: new Date() } });
}

test(
  "given a server killed between an answer and its event, during a delivery, and before it is recorded, every event comes, in order",
  { timeout: 120_000 },
  async () => {
    const acme = await caller.createSponsor();
    const { secret } = (await caller.post("/sponsor/webhooks", acme.key, { url: receiver.url })) as never as {
      secret: string;
    };
    const service = await caller.registerApi(acme.key, upstream);
    const campaignId = await caller.createCampaign(acme, [service], { fundCents: 0 });
    const answer = async (): Promise<{ answerId: string; userId: string }> => {
      const grant = await caller.createGrant();
      const { token } = await caller.openSession(grant);
      const input = { task_data: { score: 4 }, consent: CONSENT };
      const done = await caller.post(`/agent/tasks/${campaignId}/complete`, token, input);
      return { answerId: String(done["task_completion_id"]), userId: grant.user_id };
    };
    const withdraw = async (userId: string): Promise<void> => {
      const consent = await server.database.db.consent.findFirstOrThrow({
        where: { userId, campaignId, consentType: "data_sharing" },
      });
      await caller.call("admin.withdrawConsent", { user_id: userId, consent_id: consent.id }, ADMIN_KEY);
    };
    const idsOf = (type: "answer.received" | "answer.withdrawn") =>
      new Set(receiver.of(type).map(({ data }) => data["answer_id"]));
    const made: { answerId: string; userId: string }[] = [];

    // The server dies as soon as it has answered.
    for (let n = 0; n < 2; n += 1) {
      made.push(await answer());
      await server.killAndRestart();
      await letTimePass();
    }
    await eventually(() => expect(idsOf("answer.received").size).toBe(2));

    // The receiver has got the event and doesn't answer, and the server dies.
    receiver.answer = () => undefined;
    made.push(await answer());
    await eventually(() => expect(idsOf("answer.received").size).toBe(3));
    await withdraw(made[2]?.userId ?? "");
    await server.killAndRestart();

    // The receiver answers, and the server dies before it has recorded that.
    let dying: Promise<void> | undefined;
    receiver.answer = (res) => {
      dying ??= server.killAndRestart();
      res.writeHead(204).end();
    };
    await letTimePass();
    await eventually(() => expect(dying).toBeDefined());
    await dying;
    receiver.answer = (res) => void res.writeHead(204).end();

    for (const { userId } of made.slice(0, 2)) await withdraw(userId);
    await letTimePass();
    await eventually(async () => {
      expect(await server.database.db.webhookDelivery.count({ where: { status: "pending" } })).toBe(0);
    }, 60_000);
    const all = made.map(({ answerId }) => answerId).sort();
    expect([...idsOf("answer.received")].sort()).toEqual(all);
    expect([...idsOf("answer.withdrawn")].sort()).toEqual(all);
    for (const { answerId } of made) {
      const types = receiver.received
        .filter(({ data }) => data["answer_id"] === answerId)
        .map(({ type }) => type);
      // Received once or several times, and only then withdrawn.
      expect(types).toEqual(types.toSorted());
    }
    expect(
      receiver.of("answer.received").filter((e) => e.data["answer_id"] === made[2]?.answerId).length,
    ).toBeGreaterThanOrEqual(2);
    // Each event has one id, however often it came.
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(6);
    for (const event of receiver.received) verify(event, secret);
  },
);
