import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { balanceOf } from "../support/chain.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable, TREASURY_MICROS } from "../support/killable.ts";
import { expectBooksToBalance, eventually } from "../support/money.ts";
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
const ROUNDS = 6;
const RUNS_A_ROUND = 8;

let server: KillableServer;
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream();
  server = await startKillable();
});
afterAll(async () => {
  await server.close();
  await upstream.close();
});

test(
  `killed ${ROUNDS} times in the middle of ${RUNS_A_ROUND} runs: every run is paid once, none is lost`,
  { timeout: 240_000 },
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

    const keys: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const fresh = Array.from({ length: RUNS_A_ROUND }, (_, n) =>
        `round ${round} run ${n}`.replaceAll(" ", "-"),
      );
      keys.push(...fresh);
      for (const key of fresh)
        tokens.set(key, (await openSession(server.url(), grant, { budgetCents: 10 })).token);
      // Staggered, so that the kill meets each of them at another step.
      const runs = fresh.map(async (key, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 12));
        return run(key);
      });
      const settled = Promise.allSettled(runs);
      await new Promise((resolve) => setTimeout(resolve, randomInt(15, 180)));
      await server.killAndRestart();
      await settled;
    }

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
    const payments = await server.database.db.payment.findMany({ where: { service } });
    const settled = payments.filter(({ status }) => status === "settled");
    expect(settled.map(({ idempotencyKey }) => idempotencyKey).sort()).toEqual([...keys].sort());
    expect(payments.filter(({ status }) => status !== "settled" && status !== "void")).toEqual([]);
    expect(await balanceOf(upstream.payTo)).toBe(COST * BigInt(keys.length));
    expect(await balanceOf(server.treasury)).toBe(TREASURY_MICROS - COST * BigInt(keys.length));
    await expectBooksToBalance(server.database.db);
  },
);
