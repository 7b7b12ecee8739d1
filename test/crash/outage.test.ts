import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { atOnce } from "../support/at-once.ts";
import { createBuyer } from "../support/buyer.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { countUndecided } from "../support/money.ts";
import { OUTAGE_SECONDS } from "../support/rounds.ts";
import type { Unreliable } from "../support/rpc.ts";
import { startUnreliableFacilitator, startUnreliableRpc } from "../support/rpc.ts";
import { useWorld } from "../support/use-world.ts";

const QUOTE = 20_000n;
const WALLET_MICROS = 100_000n;
const AGENTS = 4;
/** More than the agents can spend while a minute's outage leaves them served. */
const BUDGET_CENTS = 10_000;

let rpc: Unreliable;
let facilitator: Unreliable;
beforeEach(async () => {
  [rpc, facilitator] = await Promise.all([startUnreliableRpc(), startUnreliableFacilitator()]);
  return () => {
    rpc.close();
    facilitator.close();
  };
});
const world = useWorld({
  serverFor: "each test",
  confirmWaitMs: 500,
  changesAtStart: () => ({ rpcUrl: rpc.url, facilitatorUrl: facilitator.url }),
});

test.each([
  ["the chain's RPC refuses", () => rpc, "refusing"],
  ["the chain's RPC hangs", () => rpc, "hanging"],
  ["the facilitator refuses", () => facilitator, "refusing"],
] as const)(
  `while %s for ${OUTAGE_SECONDS} s under load, no call fails with 500, and afterwards every payment is decided`,
  { timeout: 300_000 },
  async (_what, service, mode) => {
    const grant = await world.createGrant({ budgetCents: BUDGET_CENTS });
    const { token } = await world.openSession(grant, { budgetCents: BUDGET_CENTS });
    const campaign = { fundCents: BUDGET_CENTS };
    const { service: key } = await world.readyService({ grant, token, campaign });

    const statuses = new Map<string, number>();
    const wallets: `0x${string}`[] = [];
    let stop = false;
    let asked = 0;
    const note = (who: string, status: number): void => {
      statuses.set(`${who} ${status}`, (statuses.get(`${who} ${status}`) ?? 0) + 1);
    };
    const runAsAgent = async (): Promise<void> => {
      while (!stop) {
        asked += 1;
        note("agent", (await world.run(token, key, { input: { n: asked } })).status);
        await sleep(150);
      }
    };
    const buy = async (): Promise<void> => {
      while (!stop) {
        const buyer = await createBuyer(WALLET_MICROS);
        wallets.push(buyer.wallet.address);
        note("buyer", (await buyer.post(`${world.url}/proxy/${key}/run`, { input: {} })).status);
        await sleep(300);
      }
    };
    /** Waits until agents and buyers have got what they paid for again. */
    const bothServed = async (): Promise<void> => {
      const countOf = (who: string): number => statuses.get(`${who} 200`) ?? 0;
      const [agents, buyers] = [countOf("agent"), countOf("buyer")];
      await eventually(() => {
        expect(countOf("agent")).toBeGreaterThan(agents);
        expect(countOf("buyer")).toBeGreaterThan(buyers);
      }, 60_000);
    };
    const load = Promise.all([atOnce(AGENTS, runAsAgent), buy()]);
    await bothServed();
    service().mode = mode;
    await sleep(OUTAGE_SECONDS * 1_000);
    service().mode = "working";
    await bothServed();
    stop = true;
    await load;

    const seen = JSON.stringify([...statuses]);
    expect(
      [...statuses.keys()].filter((status) => status.endsWith(" 500")),
      seen,
    ).toEqual([]);
    expect(
      [...statuses.keys()].some((status) => status.endsWith(" 503")),
      seen,
    ).toBe(true);

    await eventually(async () => expect(await countUndecided(world.db)).toBe(0), 200_000);
    expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
    const left = await Promise.all(wallets.map((address) => balanceOf(address)));
    expect(left.filter((micros) => micros !== WALLET_MICROS && micros !== WALLET_MICROS - QUOTE)).toEqual([]);
  },
);
