import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { x402HTTPClient } from "@x402/fetch";
import express from "express";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { expect, inject, onTestFinished, test } from "vitest";
import { Seller } from "../../src/sandbox/x402/seller.ts";
import { balanceOf, mint } from "../support/chain.ts";
import { buyer } from "./worlds.ts";

// What the seller does when the facilitator doesn't answer: the outcomes in which somebody could pay twice.

const { facilitatorUrl, asset, network } = inject("chain");
const PRICE = 1_000n;

/** A shop whose facilitator loses its next answer to `/settle`: before it acts on the payment, or after. */
async function shop() {
  const payTo = privateKeyToAddress(generatePrivateKey());
  const payerKey = generatePrivateKey();
  await mint(privateKeyToAddress(payerKey), 10n * PRICE);
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
  const offer = { url: "http://shop.test/", description: "A number", amount: PRICE, payTo, speaksV1: false };
  app.get("/", (req, res) =>
    seller.sell(req, res, offer, () => {
      if (fails) throw new Error("out of order");
      return { run: ++runs };
    }),
  );
  app.use((_error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).end();
  });
  const url = await listen(app);

  const http = new x402HTTPClient(buyer(payerKey).client);
  const asked = await fetch(url);
  const terms = http.getPaymentRequiredResponse((name) => asked.headers.get(name), await asked.json());
  const headers = http.encodePaymentSignatureHeader(await http.createPaymentPayload(terms));
  return {
    pay: (): Promise<Response> => fetch(url, { headers }),
    loseAnswer: (when: "before" | "after"): void => void (lose = when),
    breakDown: (broken: boolean): void => void (fails = broken),
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

test("a payment that got lost on its way is made when it is sent again", async () => {
  const { pay, loseAnswer, earned } = await shop();
  loseAnswer("before");
  expect((await pay()).status).toBe(502);
  expect(await earned()).toBe(0n);
  expect((await pay()).status).toBe(200);
  expect(await earned()).toBe(PRICE);
});

test("a payment that was made, though nobody heard of it, never ends in a request for another", async () => {
  const { pay, loseAnswer, earned } = await shop();
  loseAnswer("after");
  const statuses = [(await pay()).status, (await pay()).status, (await pay()).status];
  expect(statuses).toEqual([502, 409, 409]);
  expect(await earned()).toBe(PRICE);
});

test("nobody pays for what can't be delivered, and the same payment is good later", async () => {
  const { pay, breakDown, earned } = await shop();
  breakDown(true);
  expect((await pay()).status).toBe(500);
  expect(await earned()).toBe(0n);
  breakDown(false);
  expect((await pay()).status).toBe(200);
  expect(await earned()).toBe(PRICE);
});
