import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, inject, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import type { Chain } from "../../src/core/ports/chain.ts";
import type { Network } from "../../src/core/ports/network.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import { EvmChain } from "../../src/platform/x402/chain.ts";
import { atOnce } from "../support/at-once.ts";
import { createBuyer } from "../support/buyer.ts";
import { Caller } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable, TREASURY_MICROS } from "../support/killable.ts";
import { countUndecided } from "../support/money.ts";
import { showProgress } from "../support/progress.ts";
import { KILL_ROUNDS } from "../support/rounds.ts";
import type { Answer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";

const COST = 20_000n;
const ROUNDS = KILL_ROUNDS;
const RUNS_A_ROUND = 8;
const BUYERS_A_ROUND = 3;
/** In one of so many rounds, the kill comes when a buyer's payment has just been claimed. */
const BUYER_HIT_EVERY = 5;
/** What each buyer has: more than a run costs. */
const WALLET_MICROS = 50_000n;

let server: KillableServer;
let upstream: Upstream;
const caller = new Caller(() => server.url());

beforeAll(async () => {
  upstream = await startUpstream();
  server = await startKillable({ TRUSTED_PROXIES: "127.0.0.1" });
  return async () => {
    await server.close();
    await upstream.close();
  };
});

test(
  `given a server killed ${ROUNDS} times in the middle of ${RUNS_A_ROUND} runs, every run is paid once and none is lost`,
  { timeout: 1_200_000 },
  async () => {
    const acme = await caller.createSponsor();
    const grant = await caller.createGrant({ budgetCents: 1_000 });
    const { token } = await caller.openSession(grant, { budgetCents: 1_000 });
    const service = await caller.registerApi(acme.key, upstream);
    await caller.completeTask(token, await caller.createCampaign(acme, [service]));

    // Each run has a session of its own, so that the rate limit of one session doesn't refuse it.
    const tokens = new Map<string, string>();
    const run = (key: string): Promise<Answer> =>
      caller.run(tokens.get(key) ?? "", service, { input: { place: key }, idempotency_key: key });

    const buyers: `0x${string}`[] = [];
    /** A buyer who pays for one run, whose answer may be lost. */
    const newPurchase = async (): Promise<() => Promise<Response>> => {
      const buyer = await createBuyer(WALLET_MICROS);
      buyers.push(buyer.wallet.address);
      // Each buyer has an IP address of its own, since buyers are rate-limited by address.
      const headers = { "x-forwarded-for": `192.0.2.${buyers.length % 250}` };
      return () => buyer.post(`${server.url()}/proxy/${service}/run`, { input: {} }, headers);
    };

    /** Opens a session, and waits where the rate limit asks for it. */
    const openWhenAllowed = async (): Promise<string> => {
      for (;;) {
        try {
          return (await caller.openSession(grant, { budgetCents: 10 })).token;
        } catch (error) {
          if (!String(error).includes("rate_limited")) throw error;
          await sleep(1_000);
        }
      }
    };

    const keys: string[] = [];
    /** Starts runs and purchases. `done` resolves when each has its answer or has lost it. */
    const startRound = async (name: string): Promise<{ done: Promise<unknown> }> => {
      const fresh = Array.from({ length: RUNS_A_ROUND }, (_, n) => `${name}-run-${n}`);
      keys.push(...fresh);
      for (const key of fresh) tokens.set(key, await openWhenAllowed());
      const purchases = await atOnce(BUYERS_A_ROUND, newPurchase);
      // Staggered, so that the kill comes at another step of each run.
      const runs = fresh.map(async (key, n) => {
        await sleep(n * 12);
        return run(key);
      });
      return { done: Promise.allSettled([...runs, ...purchases.map((buy) => buy())]) };
    };

    // A round without a kill measures how long a round takes. The kills are spread over that time.
    const calm = await startRound("calm");
    const started = performance.now();
    await calm.done;
    const roundMs = performance.now() - started;
    const claims = (): Promise<number> => server.database.db.incomingPayment.count();
    expect(await claims()).toBe(BUYERS_A_ROUND);

    const progress = showProgress("kills", ROUNDS);
    for (let round = 0; round < ROUNDS; round++) {
      const claimedBefore = await claims();
      const { done } = await startRound(`round-${round}`);
      // A server just started is slower than the calm round was. So now and then, the kill waits for a buyer's payment.
      if (round % BUYER_HIT_EVERY === 0) {
        const aBuyerHasPaid = async (): Promise<void> =>
          expect(await claims()).toBeGreaterThan(claimedBefore);
        await eventually(aBuyerHasPaid, 30_000, 5);
      } else {
        await sleep(((round + Math.random()) / ROUNDS) * roundMs);
      }
      await server.killAndRestart();
      await done;
      progress(round + 1);
    }

    // As an agent that lost its answers, repeats each run until it has its output.
    const repeated = showProgress("runs repeated until they have their output", keys.length);
    for (const [index, key] of keys.entries()) {
      repeated(index);
      await eventually(
        async () => {
          const answer = await run(key);
          expect([answer.status, answer.body.data?.payment?.status]).toEqual([200, "settled"]);
        },
        90_000,
        2_500,
      );
    }
    const { db } = server.database;
    await eventually(async () => expect(await countUndecided(db)).toBe(0), 180_000);
    const payments = await db.payment.findMany({ where: { service, incomingId: null } });
    const settled = payments.filter(({ status }) => status === "settled");
    expect(settled.map(({ idempotencyKey }) => idempotencyKey).sort()).toEqual([...keys].sort());
    expect(payments.filter(({ status }) => status !== "settled" && status !== "void")).toEqual([]);
    // Every buyer has paid for a run that the upstream was paid for, or has the whole amount back.
    const bought = await db.payment.count({
      where: { service, incomingId: { not: null }, status: "settled" },
    });
    expect(bought).toBeGreaterThanOrEqual(BUYERS_A_ROUND);
    const left = await Promise.all(buyers.map((address) => balanceOf(address)));
    expect(left.filter((micros) => micros !== WALLET_MICROS && micros !== WALLET_MICROS - COST)).toEqual([]);
    expect(left.filter((micros) => micros !== WALLET_MICROS)).toHaveLength(bought);
    expect(await balanceOf(upstream.payTo)).toBe(COST * BigInt(keys.length + bought));
    expect(await balanceOf(server.treasury)).toBe(TREASURY_MICROS - COST * BigInt(keys.length));
    const { network: id, rpcUrl, asset } = inject("chain");
    const chain: Chain = new EvmChain({ rpcUrl, asset, confirmations: 1 });
    const network = { id, chain, treasury: server.treasury } as Network; // the proof needs no more of it
    const { sql } = server.database;
    expect((await verifyLedger({ sql, networks: createNetworks([network]) })).findings).toEqual([]);
  },
);
