import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import type { Respondent } from "../support/answers.ts";
import { createRespondent, standingConsent, withdraw } from "../support/answers.ts";
import { call, expectRefused, expectSuccess } from "../support/call.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { createCampaign, createSponsor, registerApi } from "../support/world.ts";

let server: TestServer;
let replica: Running;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let ada: Respondent;

beforeAll(async () => {
  server = await startTestServer();
  replica = await startTollfree(server.options);
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await replica.stop();
  await server.close();
});
beforeEach(async () => {
  upstream = await startUpstream();
  ada = await createRespondent(server);
});
afterEach(() => upstream.close());

const urls = () => [server.url, replica.url];

const run = (service_key: string, n: number): Promise<Answer> =>
  call(
    urls()[n % 2] ?? "",
    "agent.runService",
    { service_key, input: { n }, idempotency_key: `key-${n}` },
    ada.token,
  );

/** An upstream that lets its first caller wait for its price until the gate is opened. */
async function startGate(target: string) {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const forward = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body: Buffer[] = [];
    for await (const chunk of req) body.push(chunk as Buffer);
    arrive();
    await opened;
    const signature = req.headers["payment-signature"];
    const answer = await fetch(target, {
      method: "POST",
      body: Buffer.concat(body),
      headers: typeof signature === "string" ? { "payment-signature": signature } : {},
    });
    res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  };
  const gate = createServer((req, res) => {
    forward(req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  const { port } = gate.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    arrived,
    open: () => open(),
    close: () => new Promise((resolve) => gate.close(resolve)),
  };
}

test("a consent withdrawn while its run waits for the price isn't paid for", async () => {
  const key = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 10_000 });
  const campaignId = await createCampaign(server.url, acme, [key]);
  await ada.answer(campaignId);
  const gate = await startGate(upstream.url("honest"));
  await server.deps.db.sponsoredApi.update({ where: { serviceKey: key }, data: { upstreamUrl: gate.url } });

  const running = run(key, 1);
  await gate.arrived;
  await withdraw(server, ada, campaignId);
  gate.open();

  const refused = expectRefused(await running, 412, "task_required");
  expect(refused.next_actions).toMatchObject([{ action: "get_task" }]);
  expect(upstream.paid()).toEqual([]);
  expect(await server.deps.db.payment.count({ where: { service: key } })).toBe(0);
  await ada.answer(campaignId);
  expectSuccess(await run(key, 1));
  await expectBooksToBalance(server.deps.db);
  await gate.close();
});

test("of runs and a withdrawal at once, each run is paid or refused, and none after it is paid", async () => {
  const key = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 10_000 });
  const campaignId = await createCampaign(server.url, acme, [key]);
  await ada.answer(campaignId);
  const runs = Array.from({ length: 12 }, (_, n) => run(key, n));
  const withdrawn = (async () => {
    await Promise.race(runs);
    await withdraw(server, ada, campaignId);
    return Promise.all([12, 13, 14, 15].map((n) => run(key, n)));
  })();

  const codes = (await Promise.all(runs)).map(({ status, body }) =>
    status === 200 ? "paid" : body.error_code,
  );
  expect(codes.filter((code) => code !== "paid" && code !== "task_required")).toEqual([]);
  for (const answer of await withdrawn) expectRefused(answer, 412, "task_required");
  const paid = codes.filter((code) => code === "paid").length;
  expect(paid).toBeGreaterThan(0);
  expect(await server.deps.db.payment.count({ where: { service: key, status: "settled" } })).toBe(paid);
  expect(upstream.paid()).toHaveLength(paid);
  await expectBooksToBalance(server.deps.db);
});

test("withdrawals of all consents of one act at once end it once", async () => {
  const key = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  const campaignId = await createCampaign(server.url, acme, [key], { fundCents: 0 });
  for (let round = 0; round < 3; round++) {
    await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
    const consents = await Promise.all(
      (["data_sharing", "retention", "contact"] as const).map((type) =>
        standingConsent(server, ada.grant.user_id, campaignId, type),
      ),
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        call(
          urls()[n % 2] ?? "",
          "admin.withdrawConsent",
          { user_id: ada.grant.user_id, consent_id: consents[n % 3] },
          ADMIN_KEY,
        ),
      ),
    );
    for (const id of [0, 1, 2]) {
      const times = answers
        .filter((_, n) => n % 3 === id)
        .map((answer) => expectSuccess(answer).withdrawn_at);
      expect(new Set(times).size).toBe(1);
    }
    expect(
      await server.deps.db.consent.count({ where: { userId: ada.grant.user_id, withdrawnAt: null } }),
    ).toBe(0);
  }
});
