import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TypedDataDefinition } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorld } from "../../support/use-world.ts";

/** A server that signs with the treasury's key over JSON-RPC, like Web3Signer. After `lock` it refuses. */
async function startSigner() {
  const account = privateKeyToAccount(generatePrivateKey());
  /** Methods that were called, in order. */
  const methods: string[] = [];
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
      methods.push(request.method);
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
    methods,
    lock: () => (refuses = true),
    close: () => server.close(),
  };
}

const signer = await startSigner();
afterAll(() => signer.close()); // registered first, so that it runs after the world has stopped
const world = useWorld({ treasurySigner: signer });

test("an external signer signs payments, and nothing is paid while it refuses", async () => {
  const { token, service } = await world.readyService();
  const run = (n: number) => world.call("agent.runService", { service_key: service, input: { n } }, token);

  expect(expectSuccess(await run(1)).payment.status).toBe("settled");
  expect(new Set(signer.methods)).toEqual(new Set(["eth_signTypedData_v4"]));
  expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
  signer.lock();
  expectRefused(await run(2), 503, "service_unavailable");
  await eventually(async () => {
    const payments = await world.db.payment.groupBy({ by: ["status"], _count: true });
    expect(payments.map(({ status }) => status).sort()).toEqual(["settled", "void"]);
  });
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});
