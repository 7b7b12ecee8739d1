import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { SettleResponse } from "@x402/core/types";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";

/** How a seller answers a request without a payment. Anything else than a function is sent as it is. */
export interface UnpaidAnswer {
  status: number;
  headers?: Record<string, string>;
  /** A string is sent as it is. */
  body?: unknown;
}
type Script = UnpaidAnswer | ((req: IncomingMessage, res: ServerResponse) => void);

export interface SellerRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
  /** The decoded payment. */
  // Tests look at payments of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  payment: any;
}

/** A seller whose answers to unpaid requests are scripted. It settles what it is paid on the run's chain. */
export interface ScriptedSeller {
  url: string;
  payTo: Address;
  seen: SellerRequest[];
  paid(): SellerRequest[];
  /** Changes its answers to unpaid requests. */
  answerWith(script: Script): void;
  close(): void;
}

export const PRICE = "20000";

/** Terms of x402 v2 that every client pays. */
export const termsV2 = (payTo: Address, changes: object = {}) => {
  const { network, asset } = inject("chain");
  const extra = { name: "USDC", version: "2" };
  const terms = { scheme: "exact", network, amount: PRICE, asset, payTo, maxTimeoutSeconds: 60, extra };
  return { ...terms, ...changes };
};

/** Terms of x402 v1 that every client pays. */
export const termsV1 = (payTo: Address, changes: object = {}) => {
  const { amount: maxAmountRequired, ...terms } = termsV2(payTo, { network: "base-sepolia" });
  const texts = { resource: "http://seller.test/", description: "", mimeType: "application/json" };
  return { ...terms, maxAmountRequired, ...texts, outputSchema: null, ...changes };
};

export const RESOURCE = { url: "http://seller.test/", description: "", mimeType: "" };
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");

/** A 402 of x402 v2, whose terms stand in the header. */
export const demandV2 = (accepts: unknown, changes: object = {}): UnpaidAnswer => ({
  status: 402,
  headers: { "PAYMENT-REQUIRED": base64({ x402Version: 2, resource: RESOURCE, accepts, ...changes }) },
  body: {},
});

/** A 402 of x402 v1, whose terms stand in the body. */
export const demandV1 = (accepts: unknown, changes: object = {}): UnpaidAnswer => ({
  status: 402,
  body: { x402Version: 1, error: "pay", accepts, ...changes },
});

/** @param tls a certificate and its key, for https */
export async function startSeller(tls?: { cert: string; key: string }): Promise<ScriptedSeller> {
  const payTo = privateKeyToAddress(generatePrivateKey());
  const seen: SellerRequest[] = [];
  let script: Script = demandV2([termsV2(payTo)]);

  const listener: RequestListener = (req, res) => {
    void answer(req, res).catch(() => res.destroy());
  };
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const header = req.headers["payment-signature"] ?? req.headers["x-payment"];
    const payment: unknown =
      typeof header === "string" ? JSON.parse(Buffer.from(header, "base64").toString()) : undefined;
    const { method = "", url = "", headers } = req;
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString(), payment });
    if (payment === undefined) {
      if (typeof script === "function") return script(req, res);
      const body = typeof script.body === "string" ? script.body : JSON.stringify(script.body ?? {});
      return void res.writeHead(script.status, script.headers).end(body);
    }
    const settled = await settle(payTo, payment as { payload: unknown });
    res.writeHead(settled.success ? 200 : 402, { "content-type": "application/json" });
    res.end(JSON.stringify(settled.success ? { sold: true } : { error: settled.errorReason }));
  }

  const server = tls === undefined ? createServer(listener) : https.createServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    payTo,
    seen,
    paid: () => seen.filter(({ payment }) => payment !== undefined),
    answerWith(next) {
      script = next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Settles a payment of any version: the authorization is the same, and the seller knows its own terms. */
async function settle(payTo: Address, { payload }: { payload: unknown }): Promise<SettleResponse> {
  const terms = termsV2(payTo);
  const paymentPayload = { x402Version: 2, resource: RESOURCE, accepted: terms, payload };
  const response = await fetch(`${inject("chain").facilitatorUrl}/settle`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: terms }),
  });
  return (await response.json()) as SettleResponse;
}
