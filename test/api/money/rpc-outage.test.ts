import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Unreliable } from "../../support/rpc.ts";
import { startUnreliableRpc } from "../../support/rpc.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

let rpc: Unreliable;
beforeAll(async () => {
  rpc = await startUnreliableRpc();
  return () => rpc.close();
});
afterEach(() => {
  rpc.mode = "working";
});
const world = useWorld({ changesAtStart: () => ({ rpcUrl: rpc.url }) });

describe.each(["refusing", "hanging"] as const)("the chain's RPC, %s", (mode) => {
  test("a credit is refused while the RPC is away, and booked once it is back", async () => {
    const acme = await world.createSponsor();
    const service_key = await world.registerService(acme.key);
    const credit = {
      sponsor_id: acme.sponsor_id,
      service_key,
      amount_cents: 10,
      reference: randomUUID(),
    };
    rpc.mode = mode;
    const refused = await world.call("admin.bookCredit", credit, ADMIN_KEY);
    const body = expectRefused(refused, 503, "service_unavailable");
    expect(body.retry_allowed).toBe(true);
    expect(await world.db.credit.count({ where: { reference: credit.reference } })).toBe(0);
    rpc.mode = "working";
    expectSuccess(await world.call("admin.bookCredit", credit, ADMIN_KEY));
  });

  test("a run is refused and nothing is signed while the RPC is away, and the next run is settled once it is back", async () => {
    const { token, service } = await world.readyService();
    rpc.mode = mode;
    // A run reads the chain's head before it signs, so it never signs what can't be looked up later.
    expectRefused(await world.run(token, service), 503, "service_unavailable");
    expect(world.upstream.paid()).toEqual([]);
    expect((await world.rest("GET", "/readyz")).status).toBe(503);
    rpc.mode = "working";
    const again = await world.run(token, service, { input: { n: 2 } });
    expect(expectSuccess(again).payment.status).toBe("settled");
    await eventually(async () => {
      const open = await world.db.payment.count({
        where: { service, status: { notIn: ["settled", "void"] } },
      });
      expect(open).toBe(0);
    });
    await expectBooksToBalance(world.db);
  });
});
