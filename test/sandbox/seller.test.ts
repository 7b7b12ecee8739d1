import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { x402HTTPClient } from "@x402/fetch";
import express from "express";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { expect, inject, onTestFinished, test } from "vitest";
import { Seller } from "../../src/sandbox/x402/seller.ts";
import { balanceOf, mint } from "../support/chain.ts";
import { createBuyer } from "./sandboxes.ts";

// The sandbox's seller when the facilitator doesn't answer. In these cases a buyer could pay twice.

const { facilitatorUrl, asset, network } = inject("chain");
const PRICE = 1_000n;

/** A shop with one payment of its buyer. The shop's facilitator can lose the next answer to `/settle`. */
async function openShop() {
  const payTo = privateKeyToAddress(generatePrivateKey());
  const payerKey = generatePrivateKey();
  await mint(privateKeyToAddress(payerKey), 10n * PRICE);
  /** Whether the next answer to `/settle` is lost before or after the payment is settled. */
  let lose: "before" | "after" | undefined;
  let fails = false;
  let runs = 0;

  const relay = express();
  relay.use(express.json());
  relay.all("/*path", async (req, res) => {
    const isLost = req.path === "/settle" ? lose : undefined;
    if (isLost !== undefined) lose = undefined;
    if (isLost === "before") return void res.destroy();
    const body = req.method === "POST" ? { body: JSON.stringify(req.body) } : {};
    const headers = { "content-type": "application/json" };
    const answer = await fetch(facilitatorUrl + req.path, { method: req.method, headers, ...body });
    if (isLost === "after") return void res.destroy();
    res.status(answer.status).json(await answer.json());
  });
  const seller = new Seller({ facilitatorUrl: await listen(relay), network, asset });
  await seller.initialize();

  const app = express();
  const offer = {
    url: "http://shop.test/",
    description: "A number",
    amount: PRICE,
    payTo,
    discovery: {},
    speaksV1: false,
  };
  app.get("/", (req, res) =>
    seller.sell(req, res, offer, () => {
      if (fails) throw new Error("the handler failed");
      return { run: ++runs };
    }),
  );
  app.use((_error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).end();
  });
  const url = await listen(app);

  const http = new x402HTTPClient(createBuyer(payerKey).client);
  const asked = await fetch(url);
  const terms = http.getPaymentRequiredResponse((name) => asked.headers.get(name), await asked.json());
  const headers = http.encodePaymentSignatureHeader(await http.createPaymentPayload(terms));
  return {
    pay: (): Promise<Response> => fetch(url, { headers }),
    loseAnswer: (when: "before" | "after"): void => void (lose = when),
    failHandler: (fail: boolean): void => void (fails = fail),
    earned: (): Promise<bigint> => balanceOf(payTo),
  };
}

async function listen(app: express.Express): Promise<string> {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a payment whose settlement was lost before it happened is settled when it is sent again", async () => {
  const { pay, loseAnswer, earned } = await openShop();
  loseAnswer("before");
  expect((await pay()).status).toBe(502);
  expect(await earned()).toBe(0n);
  expect((await pay()).status).toBe(200);
  expect(await earned()).toBe(PRICE);
});

test("a payment whose settlement happened but wasn't answered is answered with 502 or 409, never with another 402", async () => {
  const { pay, loseAnswer, earned } = await openShop();
  loseAnswer("after");
  const statuses = [(await pay()).status, (await pay()).status, (await pay()).status];
  expect(statuses).toEqual([502, 409, 409]);
  expect(await earned()).toBe(PRICE);
});

test("a handler that fails costs nothing, and the same payment is accepted later", async () => {
  const { pay, failHandler, earned } = await openShop();
  failHandler(true);
  expect((await pay()).status).toBe(500);
  expect(await earned()).toBe(0n);
  failHandler(false);
  expect((await pay()).status).toBe(200);
  expect(await earned()).toBe(PRICE);
});
