import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../../../src/platform/observability/log.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { watchLines } from "../../support/canaries.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Unreliable } from "../../support/rpc.ts";
import { startUnreliableFacilitator, startUnreliableRpc } from "../../support/rpc.ts";
import type { Answer } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

/** Sponsors stop paying for a service whose signatures don't settle. */

let facilitator: Unreliable;
let rpc: Unreliable;
beforeAll(async () => {
  [facilitator, rpc] = await Promise.all([startUnreliableFacilitator(), startUnreliableRpc()]);
  return () => {
    facilitator.close();
    rpc.close();
  };
});
const log = watchLines();
const world = useWorld({
  confirmWaitMs: 50,
  log: createLog({ level: "info", destination: log }),
  changesAtStart: () => ({ facilitatorUrl: facilitator.url, rpcUrl: rpc.url }),
});
let acme: SponsorWithKey;
beforeEach(async () => {
  acme = await world.createSponsor();
  // An outage of another test.
  await world.db.$executeRaw`UPDATE network_outages SET seen_at = now() - interval '1 day'`;
});

/** A hostile and an honest service that the same campaign pays for. */
async function ready(behaviour: Behaviour) {
  const hostile = await world.registerService(acme.key, behaviour);
  const honest = await world.registerService(acme.key);
  const campaignId = await world.createCampaign(acme, [hostile, honest], { fundCents: 100 });
  const person = async (): Promise<string> => {
    const { token } = await world.openSession(await world.createGrant());
    await world.completeTask(token, campaignId);
    return token;
  };
  const token = await person();
  let calls = 0;
  const run = (service = hostile, as = token): Promise<Answer> =>
    world.run(as, service, { input: { n: (calls += 1) } });
  const plan = async (): Promise<Record<string, unknown>> =>
    expectSuccess(await world.call("agent.planService", { service_key: hostile }, token));
  /** Moves what has happened to these services so far into the past. */
  const passTime = async (seconds: number): Promise<void> => {
    await world.db.$executeRaw`
      UPDATE payments SET created_at = created_at - make_interval(secs => ${seconds}::int) WHERE service IN (${hostile}, ${honest})`;
    await world.db.$executeRaw`
      UPDATE sponsored_apis SET last_settled_at = last_settled_at - make_interval(secs => ${seconds}::int) WHERE service_key IN (${hostile}, ${honest})`;
    await world.db
      .$executeRaw`UPDATE network_outages SET seen_at = seen_at - make_interval(secs => ${seconds}::int)`;
  };
  const reserved = async (): Promise<bigint> => {
    const { budgetAccount } = await world.db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
      include: { budgetAccount: true },
    });
    return budgetAccount.reserved;
  };
  const pausesLogged = (): number =>
    log.lines.filter((line) => line.includes("service_paused_for_payers") && line.includes(hostile)).length;
  const shownToSponsor = async (): Promise<unknown> =>
    expectSuccess(await world.call("sponsor.getApi", { service_key: hostile }, acme.key)).paused_for_payers;
  return {
    ...{ hostile, honest, person, run, plan, passTime, reserved, pausesLogged, shownToSponsor },
  };
}
type Ready = Awaited<ReturnType<typeof ready>>;

/** The service gets no call, and nothing is reserved for one. */
async function expectPaused({ hostile, run, plan, reserved }: Ready): Promise<void> {
  const before = await reserved();
  const asked = world.upstream.seen.length;
  const body = expectRefused(await run(), 503, "service_unavailable");
  expect(body.message).toContain("it was sent several payments and hasn't taken them");
  expect(body).toMatchObject({
    retry_allowed: true,
    retry_after_seconds: 60,
    next_actions: [{ action: "search_services" }],
  });
  expect(await plan()).toMatchObject({
    ready: false,
    blocked: { error_code: "service_unavailable", message: body.message },
  });
  expect(world.upstream.seen).toHaveLength(asked);
  expect(await reserved()).toBe(before);
  expect(await world.db.payment.count({ where: { service: hostile, status: { in: ["reserved"] } } })).toBe(0);
}

test("a service that takes no payment is paused for sponsors, and holds the campaign's money no second time", async () => {
  world.upstream.terms.maxTimeoutSeconds = 5;
  const service = await ready("fake");
  const { run, honest, passTime, reserved, pausesLogged, shownToSponsor } = service;
  for (let n = 0; n < 5; n += 1) expectSuccess(await run());
  expect(await reserved()).toBe(100_000n);
  // The sellers of the last minute may still settle.
  await passTime(50);
  expect(await service.plan()).toMatchObject({ ready: true });
  expect(await shownToSponsor()).toBeUndefined();

  await passTime(15);
  for (let n = 0; n < 3; n += 1) await expectPaused(service);
  expect(pausesLogged()).toBe(1);
  expect(await shownToSponsor()).toBe(true);
  world.upstream.terms.maxTimeoutSeconds = 60;
  expectSuccess(await run(honest));

  // On the chain the signatures can't be used any more, so the money is free again. The service gets none of it.
  await eventually(async () => expect(await reserved()).toBe(0n), 30_000);
  await expectPaused(service);

  await passTime(3_600);
  expect(await shownToSponsor()).toBeUndefined();
  expectSuccess(await run());
  await expectBooksToBalance(world.db);
}, 60_000);

test("four signatures that weren't settled pause no service, and the fifth does", async () => {
  const service = await ready("fake");
  for (let n = 0; n < 4; n += 1) expectSuccess(await service.run());
  await service.passTime(120);
  expectSuccess(await service.run());
  expect(await service.plan()).toMatchObject({ ready: true });
  await service.passTime(120);
  await expectPaused(service);
});

test("one settled payment ends a pause, and those before it don't count any more", async () => {
  const service = await ready("liar");
  for (let n = 0; n < 6; n += 1) expectRefused(await service.run(), 502, "upstream_error");
  await service.passTime(120);
  await expectPaused(service);
  await world.upstream.settleHeld(1);
  await eventually(async () => expect(await service.reserved()).toBe(100_000n), 20_000);
  expect(await service.plan()).toMatchObject({ ready: true });
  expectRefused(await service.run(), 502, "upstream_error");
});

test.each([404, 500, null])(
  "calls that the seller answers with %s count once for each person",
  async (status) => {
    const service = await ready("fake");
    const fail = async (token?: string): Promise<void> => {
      expectSuccess(await service.run(undefined, token));
      // As if the seller had answered with an error, or not at all, and not settled, as good sellers do.
      await world.db.payment.updateMany({
        where: { service: service.hostile },
        data: { upstreamStatus: status },
      });
    };
    for (let n = 0; n < 7; n += 1) await fail();
    await service.passTime(120);
    expect(await service.plan()).toMatchObject({ ready: true });
    for (let n = 0; n < 4; n += 1) await fail(await service.person());
    await service.passTime(120);
    await expectPaused(service);
  },
);

describe.each(["facilitator", "chain"] as const)("while the %s is away", (what) => {
  const dependency = (): Unreliable => (what === "chain" ? rpc : facilitator);

  test("signatures aren't held against their sellers, and are again once it is back", async () => {
    const service = await ready("liar");
    // It goes away after the signature, since nothing is signed without the chain. The seller can't settle then.
    await whileReplaced(
      world.server.deps.networks.default.buyer,
      "sign",
      (sign) =>
        async (...args) => {
          const signed = await sign(...args);
          dependency().mode = "refusing";
          return signed;
        },
      async () => {
        for (let n = 0; n < 6; n += 1) {
          expectRefused(await service.run(), 502, "upstream_error");
          dependency().mode = "working";
        }
      },
    );
    await service.passTime(120);
    expect(await service.plan()).toMatchObject({ ready: true });

    for (let n = 0; n < 5; n += 1) expectRefused(await service.run(), 502, "upstream_error");
    await service.passTime(120);
    await expectPaused(service);
  });

  test("an outage is noted while nobody calls", async () => {
    const noted = async (): Promise<number> => {
      const [row] = await world.db.$queryRaw<{ count: bigint }[]>`
        SELECT count(*) FROM network_outages WHERE seen_at > now() - interval '1 hour'`;
      return Number(row?.count);
    };
    expect(await noted()).toBe(0);
    dependency().mode = "refusing";
    // The facilitator is asked at the start, and then once a minute; the chain every ten seconds.
    const replica = what === "facilitator" ? await world.startReplica() : undefined;
    await eventually(async () => expect(await noted()).toBe(1), 20_000);
    dependency().mode = "working";
    await replica?.stop();
  });
});
