import { createNetworks } from "../../../src/core/ports/network.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { purgeExpiredOutputs, reconcileDuePayments } from "../../../src/core/money/payment/index.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Answer } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

const COST = 20_000n;

const world = useWorld();
let grant: GrantOfUser;
let token: string;

beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});
afterEach(() => expectBooksToBalance(world.db));

/** A service that is ready for this session. Returns its key. */
const register = async (behaviour: Behaviour, api: Record<string, unknown> = {}): Promise<string> =>
  (await world.readyService({ behaviour, api, grant, token })).service;

const run = (service: string, body: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  world.run(session, service, body);

test("while a settled run waits for its output, a replay and a poll say that it is still pending", async () => {
  const key = await register("honest", { timeout_ms: 30_000 });
  const answering = world.upstream.hold("paid");
  const running = run(key, { input: { n: 1 }, idempotency_key: "k" });
  await answering.arrived();
  await eventually(async () => {
    const replay = await run(key, { input: { n: 1 }, idempotency_key: "k" });
    expect(replay.status).toBe(202);
    expect(replay.body.data.payment.status).toBe("settled");
    expect(replay.body.data).not.toHaveProperty("output");
    const paymentId = String(replay.body.data.payment.payment_id);
    expect(replay.body.next_actions[0]).toMatchObject({
      action: "get_payment",
      endpoint: `/agent/payments/${paymentId}`,
    });
    const poll = await world.rest("GET", `/agent/payments/${paymentId}`, { token });
    expect(poll.body.data).not.toHaveProperty("output");
  });
  // A payment that is settled and not delivered yet counts as an undelivered call.
  const reliability = async (): Promise<unknown> =>
    world.db.sponsoredApi.findUnique({
      where: { serviceKey: key },
      select: { paidCalls: true, undeliveredCalls: true },
    });
  expect(await reliability()).toEqual({ paidCalls: 1, undeliveredCalls: 1 });
  answering.open();
  const { output } = (await running).body.data;
  expect(output).toEqual({ echo: { n: 1 } });
  const replay = await run(key, { input: { n: 1 }, idempotency_key: "k" });
  expect(replay.body.data.output).toEqual(output);
  expect(await reliability()).toEqual({ paidCalls: 1, undeliveredCalls: 0 });
});

test("a paid output that was lost is asked for again with the same signature, and handed over", async () => {
  const key = await register("dedupes");
  const lost = await run(key, { idempotency_key: "k" });
  expect(lost.body.error_code).toBe("upstream_error");
  await eventually(async () => {
    const replay = await run(key, { idempotency_key: "k" });
    expect([replay.status, replay.body.data.payment.status]).toEqual([200, "settled"]);
    expect(replay.body.data.output).toEqual({ again: true });
  });
  const signatures = world.upstream.paid().map(({ headers }) => headers["payment-signature"]);
  expect(signatures).toHaveLength(2);
  expect(new Set(signatures).size).toBe(1);
  expect(await balanceOf(world.upstream.payTo)).toBe(COST);
});

test("a run whose output was lost is settled, also if its request may not be sent again", async () => {
  const key = await register("dedupes");
  await whileReplaced(
    world.server.deps.networks.default.chain,
    "lookUp",
    // The server's own reconciler fails, so that only the test decides payments.
    () => () => Promise.reject(new Error("for a test")),
    async (lookUp) => {
      expect((await run(key)).body.error_code).toBe("upstream_error");
      const { default: network } = world.server.deps.networks;
      const networks = createNetworks([{ ...network, chain: { ...network.chain, lookUp } }]);
      const deps = { ...world.server.deps, networks };
      await eventually(async () => {
        expect(await reconcileDuePayments(deps, 50, () => false)).toEqual([]);
        expect(await world.db.payment.findMany({ where: { service: key } })).toMatchObject([
          { status: "settled" },
        ]);
      });
    },
  );
  expect(world.upstream.paid()).toHaveLength(1);
});

test("an output of JSON nested too deep to serialise is handed over as text", async () => {
  const key = await register("deep");
  const answer = await run(key);
  expect(answer.status).toBe(200);
  expect(answer.body.data.output).toHaveLength(40_000);
  expect(answer.body.data.payment.status).toBe("settled");
});

test("an output of JSON with too many parts to parse at once is handed over as text, with fewer as its value", async () => {
  const key = await register("scripted");
  const answers = async (body: string): Promise<unknown> => {
    world.upstream.answerWith((res) => res.writeHead(200, { "content-type": "application/json" }).end(body));
    const { status, body: answer } = await run(key, { idempotency_key: `${body.length}` });
    expect(status).toBe(200);
    expect(answer.data.payment.status).toBe("settled");
    return answer.data.output;
  };
  const many = `[${"[],".repeat(250_000)}1]`;
  expect(await answers(many)).toBe(many);
  expect(await answers(`[${"[],".repeat(249_999)}1]`)).toHaveLength(250_000);
});

test("an expired output is deleted, and a replay says that it is no longer kept", async () => {
  const key = await register("honest");
  const { body } = await run(key, { idempotency_key: "k" });
  const paymentId = String(body.data.payment.payment_id);
  const { db } = world;
  await db.$executeRaw`UPDATE payments SET output_expires_at = now() - interval '1 second' WHERE id = ${paymentId}::uuid`;
  await purgeExpiredOutputs(world.server.deps);
  expect((await db.payment.findUniqueOrThrow({ where: { id: paymentId } })).output).toBeNull();
  const replay = await run(key, { idempotency_key: "k" });
  expect(replay.status).toBe(200);
  expect(replay.body.data).toMatchObject({
    output: null,
    output_unavailable_reason: "no_longer_kept",
    payment: { status: "settled" },
  });
});
