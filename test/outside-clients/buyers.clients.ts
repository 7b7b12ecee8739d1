import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { createBuyer } from "../support/buyer.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { useWorld } from "../support/use-world.ts";

const PRICE = 20_500n;
const world = useWorld({ treasuryMicros: 0n, proxyFeeBps: 250n });

/** Runs a program of this folder. It is JavaScript, since the project's compiler doesn't see this folder's packages. */
async function runProgram(name: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(import.meta.dirname, name),
    ...args,
  ]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test.each(["x402-fetch", "mppx"])(
  "%s buys a run, which is paid on the chain and in the ledger",
  async (client) => {
    const service = await world.registerService((await world.createSponsor()).key);
    const { wallet, privateKey } = await createBuyer(1_000_000n);
    const bought = await runProgram(
      `buy-with-${client}.mjs`,
      `${world.url}/proxy/${service}/run`,
      privateKey,
    );
    expect(bought).toEqual({
      status: 200,
      body: { echo: { n: 7 } },
      receipt: expect.any(String) as string,
    });
    expect(await balanceOf(wallet.address)).toBe(1_000_000n - PRICE);
    await eventually(async () => {
      expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
      const paid = await world.db.payment.findMany({ where: { service } });
      expect(paid).toMatchObject([{ status: "settled", amountMicros: 20_000n }]);
    });
    expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
  },
);
