import { randomBytes, randomInt } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { balanceOf, mint } from "../support/chain.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import { expectBooksToBalance, eventually } from "../support/money.ts";
import type { ServerProcess } from "../support/process.ts";
import { startProcess } from "../support/process.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY, rest } from "../support/server.ts";
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

let database: TestDatabase;
let upstream: Upstream;
let server: ServerProcess;
let env: Record<string, string>;
let treasury: `0x${string}`;

beforeAll(async () => {
  database = await createDatabase();
  upstream = await startUpstream();
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const treasuryKey = generatePrivateKey();
  treasury = privateKeyToAddress(treasuryKey);
  await mint(treasury, 100_000_000n);
  env = {
    DATABASE_URL: database.url,
    ADMIN_API_KEY: ADMIN_KEY,
    DATA_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    X402_NETWORK: network,
    X402_ASSET: asset,
    X402_RPC_URL: rpcUrl,
    X402_FACILITATOR_URL: facilitatorUrl,
    TREASURY_PRIVATE_KEY: treasuryKey,
    ALLOW_PRIVATE_UPSTREAMS: "true",
    LOG_LEVEL: "error",
  };
  server = await startProcess(env);
});
afterAll(async () => {
  await server.kill();
  await upstream.close();
  await database.close();
});

test(
  `killed ${ROUNDS} times in the middle of ${RUNS_A_ROUND} runs: every run is paid once, none is lost`,
  { timeout: 240_000 },
  async () => {
    const acme = await createSponsor(server.url);
    const grant = await createGrant(server.url, { budgetCents: 1_000 });
    const { token } = await openSession(server.url, grant, { budgetCents: 1_000 });
    const service = await registerApi(server.url, acme.key, upstream);
    await completeTask(server.url, token, await createCampaign(server.url, acme, [service]));

    // A key belongs to the grant: each run has a session of its own, so that the limit of one isn't what is tested.
    const tokens = new Map<string, string>();
    const run = (key: string): Promise<Answer> =>
      rest(server.url, "POST", `/agent/services/${service}/run`, {
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
        tokens.set(key, (await openSession(server.url, grant, { budgetCents: 10 })).token);
      // Staggered, so that the kill meets each of them at another step.
      const runs = fresh.map(async (key, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 12));
        return run(key);
      });
      const settled = Promise.allSettled(runs);
      await new Promise((resolve) => setTimeout(resolve, randomInt(15, 180)));
      await server.kill();
      await settled;
      server = await startProcess(env);
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
    const payments = await database.db.payment.findMany({ where: { service } });
    const settled = payments.filter(({ status }) => status === "settled");
    expect(settled.map(({ idempotencyKey }) => idempotencyKey).sort()).toEqual([...keys].sort());
    expect(payments.filter(({ status }) => status !== "settled" && status !== "void")).toEqual([]);
    expect(await balanceOf(upstream.payTo)).toBe(COST * BigInt(keys.length));
    expect(await balanceOf(treasury)).toBe(100_000_000n - COST * BigInt(keys.length));
    await expectBooksToBalance(database.db);
  },
);
