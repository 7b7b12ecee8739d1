import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { startRelay } from "../support/relay.ts";
import type { Answer } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

/** The database goes away while an upstream has our payment and hasn't answered yet. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let refusing: string;
let grant: GrantOfUser;
let token: string;
let relay: Awaited<ReturnType<typeof startRelay>>;
let replica: Awaited<ReturnType<typeof world.startReplica>>;

beforeAll(async () => {
  relay = await startRelay(world.database.serverUrl);
  replica = await world.startReplica({ databaseUrl: relay.url });
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "honest", { timeout_ms: 20_000 });
  refusing = await world.registerService(acme.key, "fails", { timeout_ms: 20_000 });
  for (const service_key of [service, refusing])
    await world.bookCredit(acme.sponsor_id, { service_key }, 100);
  return async () => {
    await replica.stop();
    relay.close();
  };
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

/** Runs a service on the replica, whose database is away from the paid request on until the answer has come. */
async function runWithoutDatabase(
  service_key: string,
  operation: string,
  transport: (typeof TRANSPORTS)[number],
): Promise<Answer> {
  const paid = world.upstream.hold("paid");
  const running = replica.caller.call(operation, { service_key, idempotency_key: KEY }, token, transport);
  await paid.arrived();
  await relay.cut();
  paid.open();
  const answer = await running;
  await relay.restore();
  return answer;
}

const KEY = "while-the-database-is-away";
const payments = () => world.db.payment.findMany({ where: { grantId: grant.grant_id } });
const auditRows = () =>
  world.db.agentAuditLog.findMany({ where: { grantId: grant.grant_id, operation: "agent_run_service" } });

describe.each(TRANSPORTS)(
  "a run over %s whose database goes away after it paid",
  { timeout: 60_000 },
  (transport) => {
    test("what the upstream answered goes out with the payment, and is recorded once the database is back", async () => {
      const data = expectSuccess(await runWithoutDatabase(service, "agent.runService", transport));
      expect(data.output).toEqual({ echo: {} });
      expect(data.payment).toMatchObject({ status: "pending", amount_cents: 2 });
      expect(data.execution_metadata).toMatchObject({ upstream_status: 200, budget_remaining_cents: 48 });

      await eventually(async () => {
        expect(await payments()).toMatchObject([
          { id: data.payment.payment_id, status: "settled", deliveredAt: expect.any(Date) },
        ]);
        expect(await auditRows()).toMatchObject([{ responseStatus: 200 }]);
      });
      // The same key gets the same output, and pays nothing more.
      const replay = await world.call(
        "agent.runService",
        { service_key: service, idempotency_key: KEY },
        token,
      );
      expect(expectSuccess(replay)).toMatchObject({ output: data.output, payment: { status: "settled" } });
      expect(await payments()).toHaveLength(1);
      await expectBooksToBalance(world.db);
    });

    test("an error names the payment and invites no other one", async () => {
      const refused = expectRefused(
        await runWithoutDatabase(refusing, "agent.runService", transport),
        503,
        "service_unavailable",
      );
      expect(refused.retry_allowed).toBe(false);
      expect(refused.next_actions).toMatchObject([{ action: "get_payment" }]);
      await eventually(async () => {
        expect(await auditRows()).toMatchObject([{ responseStatus: 503, errorCode: "service_unavailable" }]);
        expect(await payments()).toMatchObject([{ id: refused.details.payment_id, failure: "refused" }]);
      });
    });
  },
);
