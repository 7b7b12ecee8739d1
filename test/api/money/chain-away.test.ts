import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Unreliable } from "../../support/rpc.ts";
import { startUnreliableRpc } from "../../support/rpc.ts";
import type { TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** The chain's RPC is away: what needs it waits or says so, nothing is guessed, and nothing breaks. */

let rpc: Unreliable;
let server: TestServer;
let upstream: Upstream;
beforeAll(async () => {
  rpc = await startUnreliableRpc();
  server = await startTestServer({ rpcUrl: rpc.url });
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
  rpc.close();
});
afterEach(() => {
  rpc.mode = "working";
});

test.each(["refusing", "hanging"] as const)(
  "%s: a credit is refused as service_unavailable, and booked once it is back",
  async (mode) => {
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream);
    const credit = {
      sponsor_id: acme.sponsor_id,
      service_key,
      amount_cents: 10,
      reference: randomUUID(),
    };
    rpc.mode = mode;
    const refused = await call(server.url, "admin.bookCredit", credit, ADMIN_KEY);
    const body = expectRefused(refused, 503, "service_unavailable");
    expect(body.retry_allowed).toBe(true);
    expect(await server.deps.db.credit.count({ where: { reference: credit.reference } })).toBe(0);
    rpc.mode = "working";
    expectSuccess(await call(server.url, "admin.bookCredit", credit, ADMIN_KEY));
  },
);

test.each(["refusing", "hanging"] as const)(
  "%s: a run is refused and nothing is signed; the next one is settled once the chain is back",
  async (mode) => {
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [service_key]);
    const { token } = await openSession(server.url, await createGrant(server.url));
    await completeTask(server.url, token, campaignId);
    rpc.mode = mode;
    // Before it signs, a run looks where the chain stands, so nothing is signed that the chain isn't asked about later.
    const run = await call(server.url, "agent.runService", { service_key }, token);
    expectRefused(run, 503, "service_unavailable");
    expect(upstream.paid().filter(({ url }) => url.includes(service_key))).toEqual([]);
    const ready = await rest(server.url, "GET", "/readyz");
    expect(ready.status).toBe(503);
    rpc.mode = "working";
    const again = await call(server.url, "agent.runService", { service_key, input: { n: 2 } }, token);
    expect(expectSuccess(again).payment.status).toBe("settled");
    await eventually(async () => {
      const open = await server.deps.db.payment.count({
        where: { service: service_key, status: { notIn: ["settled", "void"] } },
      });
      expect(open).toBe(0);
    });
    await expectBooksToBalance(server.deps.db);
  },
);
