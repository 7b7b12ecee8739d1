import { setTimeout as sleep } from "node:timers/promises";
import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import type { PaymentClient } from "../../src/core/ports/x402-buyer.ts";
import { EvmChain } from "../../src/platform/x402/chain.ts";
import { balanceOf, mint } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable, TREASURY_MICROS } from "../support/killable.ts";
import { countUndecided } from "../support/money.ts";
import { KILL_ROUNDS } from "../support/rounds.ts";
import type { Answer } from "../support/server.ts";
import { rest } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../support/world.ts";

/** The real server, killed at random moments while it pays, and started again on what it left behind. */

const COST = 20_000n;
const ROUNDS = KILL_ROUNDS;
const RUNS_A_ROUND = 8;
const BUYERS_A_ROUND = 3;
/** What each buyer brings: more than a run costs. */
const WALLET_MICROS = 50_000n;

let server: KillableServer;
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream();
  server = await startKillable({ TRUSTED_PROXIES: "127.0.0.1" });
});
afterAll(async () => {
  await server.close();
  await upstream.close();
});

test(
  `killed ${ROUNDS} times in the middle of ${RUNS_A_ROUND} runs: every run is paid once, none is lost`,
  { timeout: 1_200_000 },
  async () => {
    const acme = await createSponsor(server.url());
    const grant = await createGrant(server.url(), { budgetCents: 1_000 });
    const { token } = await openSession(server.url(), grant, { budgetCents: 1_000 });
    const service = await registerApi(server.url(), acme.key, upstream);
    await completeTask(server.url(), token, await createCampaign(server.url(), acme, [service]));

    // A key belongs to the grant: each run has a session of its own, so that the limit of one isn't what is tested.
    const tokens = new Map<string, string>();
    const run = (key: string): Promise<Answer> =>
      rest(server.url(), "POST", `/agent/services/${service}/run`, {
        token: tokens.get(key) ?? "",
        body: { input: { place: key }, idempotency_key: key },
      });

    /** Somebody who pays for a run, once, with the stock client; their answer may be lost. */
    const buyers: `0x${string}`[] = [];
    const newBuyer = async (): Promise<() => Promise<Response>> => {
      const wallet = privateKeyToAccount(generatePrivateKey());
      buyers.push(wallet.address);
      // Each comes from an address of its own, since strangers are limited by it.
      const address = `192.0.2.${buyers.length % 250}`;
      await mint(wallet.address, WALLET_MICROS);
      const client = new x402Client().register("eip155:*", new ExactEvmScheme(wallet));
      return () =>
        wrapFetchWithPayment(fetch, client)(`${server.url()}/proxy/${service}/run`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-forwarded-for": address },
          body: JSON.stringify({ input: {} }),
        });
    };

    /** The limits are real: an agent that opens sessions this fast has to wait now and then. */
    const openWhenAllowed = async (of: typeof grant): Promise<string> => {
      for (;;) {
        try {
          return (await openSession(server.url(), of, { budgetCents: 10 })).token;
        } catch (error) {
          if (!String(error).includes("rate_limited")) throw error;
          await sleep(1_000);
        }
      }
    };

    const keys: string[] = [];
    /** Runs and purchases under way; `done` when all have their answer, or have lost it. */
    const startRound = async (name: string): Promise<{ done: Promise<unknown> }> => {
      const fresh = Array.from({ length: RUNS_A_ROUND }, (_, n) => `${name}-run-${n}`);
      keys.push(...fresh);
      for (const key of fresh) tokens.set(key, await openWhenAllowed(grant));
      const purchases = await Promise.all(Array.from({ length: BUYERS_A_ROUND }, newBuyer));
      // Staggered, so that the kill meets each of them at another step.
      const runs = fresh.map(async (key, n) => {
        await sleep(n * 12);
        return run(key);
      });
      return { done: Promise.allSettled([...runs, ...purchases.map((buy) => buy())]) };
    };

    // One that nobody disturbs says how long a round takes here; the kills are spread over all of it.
    const calm = await startRound("calm");
    const started = performance.now();
    await calm.done;
    const roundMs = performance.now() - started;
    const claims = (): Promise<number> => server.database.db.incomingPayment.count();
    expect(await claims()).toBe(BUYERS_A_ROUND);

    for (let round = 0; round < ROUNDS; round++) {
      const { done } = await startRound(`round-${round}`);
      await sleep(((round + Math.random()) / ROUNDS) * roundMs);
      await server.killAndRestart();
      await done;
    }
    const claimed = (await claims()) - BUYERS_A_ROUND;
    expect(claimed, "the kills came before any buyer had paid").toBeGreaterThanOrEqual(ROUNDS / 5);

    // What an agent does that lost its answers: the same again, until each has its resource.
    for (const key of keys) {
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
    // Every buyer has paid for a run that the upstream was paid for, or has all of their money.
    const bought = await db.payment.count({
      where: { service, incomingId: { not: null }, status: "settled" },
    });
    expect(bought).toBeGreaterThanOrEqual(BUYERS_A_ROUND);
    const left = await Promise.all(buyers.map((address) => balanceOf(address)));
    expect(left.filter((micros) => micros !== WALLET_MICROS && micros !== WALLET_MICROS - COST)).toEqual([]);
    expect(left.filter((micros) => micros !== WALLET_MICROS)).toHaveLength(bought);
    expect(await balanceOf(upstream.payTo)).toBe(COST * BigInt(keys.length + bought));
    expect(await balanceOf(server.treasury)).toBe(TREASURY_MICROS - COST * BigInt(keys.length));
    const { rpcUrl, asset } = inject("chain");
    const chain = new EvmChain({ rpcUrl, asset, confirmations: 1 });
    const paymentClient = { payer: server.treasury } as PaymentClient; // all that the proof wants of it
    expect((await verifyLedger({ db, chain, paymentClient })).findings).toEqual([]);
  },
);
