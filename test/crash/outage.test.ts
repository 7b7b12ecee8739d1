import { setTimeout as sleep } from "node:timers/promises";
import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { balanceOf, mint } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { countUndecided } from "../support/money.ts";
import { OUTAGE_SECONDS } from "../support/rounds.ts";
import type { Unreliable } from "../support/rpc.ts";
import { startUnreliableFacilitator, startUnreliableRpc } from "../support/rpc.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
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

/** What money needs goes away in the middle of everything: no error of ours, nothing lost, all decided afterwards. */

const QUOTE = 20_000n;
const WALLET_MICROS = 100_000n;
const CALLERS = 4;

let rpc: Unreliable;
let facilitator: Unreliable;
let server: TestServer;
let upstream: Upstream;

beforeEach(async () => {
  [rpc, facilitator] = await Promise.all([startUnreliableRpc(), startUnreliableFacilitator()]);
  server = await startTestServer({ rpcUrl: rpc.url, facilitatorUrl: facilitator.url, confirmWaitMs: 500 });
  upstream = await startUpstream(Number(QUOTE));
});
afterEach(async () => {
  await upstream.close();
  await server.close();
  rpc.close();
  facilitator.close();
});

const set = (service: () => Unreliable, mode: Unreliable["mode"]) => (): void => {
  service().mode = mode;
};

test.each([
  ["the chain's RPC refuses", set(() => rpc, "refusing"), set(() => rpc, "working")],
  ["the chain's RPC hangs", set(() => rpc, "hanging"), set(() => rpc, "working")],
  ["the facilitator refuses", set(() => facilitator, "refusing"), set(() => facilitator, "working")],
] as const)(`%s for ${OUTAGE_SECONDS} s under load`, { timeout: 300_000 }, async (_what, leave, comeBack) => {
  const acme = await createSponsor(server.url);
  const service = await registerApi(server.url, acme.key, upstream);
  const campaignId = await createCampaign(server.url, acme, [service]);
  const { token } = await openSession(server.url, await createGrant(server.url, { budgetCents: 1_000 }), {
    budgetCents: 1_000,
  });
  await completeTask(server.url, token, campaignId);

  const statuses = new Map<string, number>();
  const wallets: `0x${string}`[] = [];
  let stop = false;
  let asked = 0;
  const note = (who: string, status: number): void => {
    statuses.set(`${who} ${status}`, (statuses.get(`${who} ${status}`) ?? 0) + 1);
  };
  const post = (path: string, body: object, headers: Record<string, string>): [string, RequestInit] => [
    `${server.url}${path}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    },
  ];
  const agent = async (): Promise<void> => {
    while (!stop) {
      asked += 1;
      const body = { input: { n: asked } };
      const path = `/agent/services/${service}/run`;
      note("agent", (await fetch(...post(path, body, { authorization: `Bearer ${token}` }))).status);
      await sleep(150);
    }
  };
  const buyer = async (): Promise<void> => {
    while (!stop) {
      const wallet = privateKeyToAccount(generatePrivateKey());
      wallets.push(wallet.address);
      await mint(wallet.address, WALLET_MICROS);
      const client = new x402Client().register("eip155:*", new ExactEvmScheme(wallet));
      const answer = await wrapFetchWithPayment(
        fetch,
        client,
      )(...post(`/proxy/${service}/run`, { input: {} }, {}));
      note("buyer", answer.status);
      await sleep(300);
    }
  };
  const load = Promise.all([...Array.from({ length: CALLERS }, agent), buyer()]);
  await sleep(1_500);
  leave();
  await sleep(OUTAGE_SECONDS * 1_000);
  comeBack();
  await sleep(2_000);
  stop = true;
  await load;

  const seen = JSON.stringify([...statuses]);
  expect(
    [...statuses.keys()].filter((status) => status.endsWith(" 500")),
    seen,
  ).toEqual([]);
  expect(statuses.get("agent 200"), seen).toBeGreaterThan(0);
  expect(statuses.get("buyer 200"), seen).toBeGreaterThan(0);
  expect(
    [...statuses.keys()].some((status) => status.endsWith(" 503")),
    seen,
  ).toBe(true);

  const { db } = server.deps;
  await eventually(async () => expect(await countUndecided(db)).toBe(0), 200_000);
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
  const left = await Promise.all(wallets.map((address) => balanceOf(address)));
  expect(left.filter((micros) => micros !== WALLET_MICROS && micros !== WALLET_MICROS - QUOTE)).toEqual([]);
});
