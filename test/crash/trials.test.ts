import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import type { Chain } from "../../src/core/ports/chain.ts";
import type { Network } from "../../src/core/ports/network.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import { EvmChain } from "../../src/platform/x402/chain.ts";
import { atOnce } from "../support/at-once.ts";
import { expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { Caller } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { untilWaiting } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import { countUndecided, expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import type { Behaviour, Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";

/** A server that is killed in the middle of a sponsor's trial call of its own service. */

const COST = 20_000n;
/** Kills at moments that are spread over a trial. */
const KILLS = 8;
/** Calls with one idempotency key. */
const CALLS_A_KEY = 3;

let server: KillableServer;
let upstream: Upstream;
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let treasuryBefore: bigint;
/** A connection that holds locks. */
let other: pg.Client;
const caller = new Caller(() => server.url());

beforeAll(async () => {
  server = await startKillable();
  other = new pg.Client({ connectionString: server.database.url });
  await other.connect();
  return async () => {
    await other.end();
    await server.close();
  };
});
beforeEach(async () => {
  upstream = await startUpstream();
  acme = await caller.createSponsor();
  treasuryBefore = await balanceOf(server.treasury);
});
afterEach(() => upstream.close());

const offer = async (behaviour: Behaviour = "honest"): Promise<void> => {
  service = await caller.registerApi(acme.key, upstream, behaviour);
  campaignId = await caller.createCampaign(acme, [service], { active: false });
};
const tryIt = (key: string): Promise<Answer> =>
  caller.rest("POST", `/sponsor/apis/${service}/try`, {
    token: acme.key,
    body: { input: { place: key } },
    headers: { "idempotency-key": key },
  });
const payments = () => server.database.db.payment.findMany({ where: { service } });
const inflight = (key: string): Promise<unknown> =>
  Promise.allSettled(Array.from({ length: CALLS_A_KEY }, () => tryIt(key)));

/** Repeats a key as a sponsor does that lost its answer, until the trial is decided. */
async function decided(key: string): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(
    async () => {
      answer = await tryIt(key);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      expect(["settled", "void"]).toContain(answer.body.data.payment.status);
    },
    120_000,
    1_000,
  );
  return answer as Answer;
}

/** Expects that ledger, budgets and chain all say that so many trials were paid, and that nothing is open. */
async function expectPaid(count: number): Promise<void> {
  const { db, sql } = server.database;
  await eventually(async () => expect(await countUndecided(db)).toBe(0), 120_000);
  const all = await payments();
  expect(all.filter(({ status }) => status === "settled")).toHaveLength(count);
  expect(all.filter(({ status }) => status !== "settled" && status !== "void")).toEqual([]);
  const campaign = await caller.rest("GET", `/sponsor/campaigns/${campaignId}`, { token: acme.key });
  const cents = 2 * count;
  expect(expectSuccess(campaign).budget).toMatchObject({ spent_cents: cents, reserved_cents: 0 });
  const micros = COST * BigInt(count);
  expect(await balanceOf(upstream.payTo)).toBe(micros);
  expect(await balanceOf(server.treasury)).toBe(treasuryBefore - micros);
  await expectBooksToBalance(db);
  const { network: id, rpcUrl, asset } = inject("chain");
  const chain: Chain = new EvmChain({ rpcUrl, asset, confirmations: 1 });
  const network = { id, chain, treasury: server.treasury } as Network; // the proof needs no more of it
  expect((await verifyLedger({ sql, networks: createNetworks([network]) })).findings).toEqual([]);
}

describe("a trial whose server is killed", () => {
  test("before its money is reserved leaves nothing, and is paid once when it is repeated with its key", async () => {
    await offer();
    const key = randomUUID();
    const { budgetAccountId } = await server.database.db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
    });
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM budget_accounts WHERE id = $1 FOR UPDATE", [budgetAccountId]);
    const lost = Promise.allSettled([tryIt(key)]);
    await untilWaiting(server.database.db, 1);
    await server.killAndRestart();
    await other.query("ROLLBACK");
    await lost;
    expect(await payments()).toEqual([]);
    expect((await decided(key)).body.data).toMatchObject({ delivered: true, payment: { status: "settled" } });
    await expectPaid(1);
  });

  /** Kills the server while it waits to store a trial's signature. */
  const killAtSignature = async (key: string, atEnd: () => Promise<unknown>): Promise<void> => {
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM payment_switch FOR UPDATE");
    const lost = Promise.allSettled([tryIt(key)]);
    await eventually(async () => expect(await payments()).toMatchObject([{ status: "reserved" }]));
    await untilWaiting(server.database.db, 1);
    await server.killAndRestart();
    await atEnd();
    await other.query("ROLLBACK");
    await lost;
  };

  test("before its signature is stored pays nothing, its key says so, and another trial is paid once", async () => {
    await offer();
    const key = randomUUID();
    // PostgreSQL goes on with the statement of a client that is gone. Here the statement dies too.
    await killAtSignature(key, () =>
      other.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      ),
    );
    const answer = await decided(key);
    expect(answer.body.data).toMatchObject({ delivered: false, payment: { status: "void" } });
    expect(upstream.paid()).toEqual([]);
    await expectPaid(0);
    expect((await decided(randomUUID())).body.data.payment.status).toBe("settled");
    await expectPaid(1);
  });

  test("while PostgreSQL still stores its signature is paid once, by the server that comes after", async () => {
    await offer();
    const key = randomUUID();
    await killAtSignature(key, () => Promise.resolve());
    expect((await decided(key)).body.data).toMatchObject({ payment: { status: "settled" } });
    await expectPaid(1);
  });

  test("after the upstream was paid, and hasn't answered, is paid once, however often it is repeated", async () => {
    await offer("hang");
    const key = randomUUID();
    const lost = inflight(key);
    await eventually(() => expect(upstream.paid()).toHaveLength(1), 30_000, 5);
    await server.killAndRestart();
    await lost;
    const answers = await atOnce(CALLS_A_KEY, () => decided(key));
    expect(new Set(answers.map(({ body }) => body.data.payment.payment_id)).size).toBe(1);
    expect(answers[0]?.body.data).toMatchObject({ payment: { status: "settled" } });
    expect(answers[0]?.headers.get("idempotency-replayed")).toBe("true");
    await expectPaid(1);
  });

  test(
    `at ${KILLS} moments that are spread over it is paid at most once, and the next trial is paid once`,
    { timeout: 900_000 },
    async () => {
      await offer();
      const started = performance.now();
      await inflight("calm");
      const calmMs = performance.now() - started;
      const keys = ["calm"];
      for (let kill = 0; kill < KILLS; kill += 1) {
        const key = `kill-${kill}`;
        keys.push(key);
        const lost = inflight(key);
        await sleep((calmMs * (kill + Math.random())) / KILLS);
        await server.killAndRestart();
        await lost;
        await decided(key);
      }
      keys.push("after");
      expect((await decided("after")).body.data.payment.status).toBe("settled");

      const ended = await Promise.all(keys.map(decided));
      const ids = ended.map(({ body }) => body.data.payment.payment_id as string);
      expect(new Set(ids).size).toBe(keys.length);
      expect((await payments()).map(({ id }) => id).sort()).toEqual(ids.toSorted());
      await expectPaid(ended.filter(({ body }) => body.data.payment.status === "settled").length);
    },
  );
});
