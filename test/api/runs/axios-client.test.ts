import { wrapAxiosWithPaymentFromConfig } from "@x402/axios";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import axios from "axios";
import { expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { createBuyer } from "../../support/buyer.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorld } from "../../support/use-world.ts";

// Other stock clients, which need more packages, are in test/outside-clients.

const PRICE = 20_500n;
const world = useWorld({ treasuryMicros: 0n, proxyFeeBps: 250n });

test("@x402/axios buys a run, which is paid on the chain and in the ledger", async () => {
  const service = await world.registerService((await world.createSponsor()).key);
  const { wallet } = await createBuyer(1_000_000n);
  const client = wrapAxiosWithPaymentFromConfig(axios.create(), {
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(wallet) }],
  });
  const answer = await client.post(`${world.url}/proxy/${service}/run`, { input: { n: 7 } });
  expect(answer.status).toBe(200);
  expect(answer.data).toEqual({ echo: { n: 7 } });
  expect(answer.headers["payment-response"]).toEqual(expect.any(String));
  expect(await balanceOf(wallet.address)).toBe(1_000_000n - PRICE);
  await eventually(async () => {
    expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
    const paid = await world.db.payment.findMany({ where: { service } });
    expect(paid).toMatchObject([{ status: "settled", amountMicros: 20_000n }]);
  });
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});
