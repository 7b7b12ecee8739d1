import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TypedDataDefinition } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { startTestServer } from "../../support/server.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** The treasury's key in a process of its own, which speaks JSON-RPC as Web3Signer does. */
async function startSigner() {
  const account = privateKeyToAccount(generatePrivateKey());
  const asked: string[] = [];
  let refuses = false;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const request = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number;
        method: string;
        params: [string, string];
      };
      asked.push(request.method);
      const answer = refuses
        ? Promise.reject(new Error("locked"))
        : account.signTypedData(JSON.parse(request.params[1]) as TypedDataDefinition);
      answer.then(
        (result) => res.end(JSON.stringify({ jsonrpc: "2.0", id: request.id, result })),
        () =>
          res.end(
            JSON.stringify({ jsonrpc: "2.0", id: request.id, error: { code: -32000, message: "locked" } }),
          ),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    signerUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    address: account.address,
    asked,
    lock: () => (refuses = true),
    close: () => server.close(),
  };
}

test("a signer outside the process signs payments, and nothing is paid while it refuses", async () => {
  const signer = await startSigner();
  const server = await startTestServer({ treasurySigner: signer });
  const upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  const service_key = await registerApi(server.url, acme.key, upstream);
  const campaignId = await createCampaign(server.url, acme, [service_key]);
  const { token } = await openSession(server.url, await createGrant(server.url));
  await completeTask(server.url, token, campaignId);
  const run = (n: number) => call(server.url, "agent.runService", { service_key, input: { n } }, token);

  expect(expectSuccess(await run(1)).payment.status).toBe("settled");
  expect(new Set(signer.asked)).toEqual(new Set(["eth_signTypedData_v4"]));
  expect(await balanceOf(upstream.payTo)).toBe(20_000n);
  signer.lock();
  expectRefused(await run(2), 503, "service_unavailable");
  await eventually(async () => {
    const payments = await server.deps.db.payment.groupBy({ by: ["status"], _count: true });
    expect(payments.map(({ status }) => status).sort()).toEqual(["settled", "void"]);
  });
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
  await upstream.close();
  await server.close();
  signer.close();
});
