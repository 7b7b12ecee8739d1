import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements, SettleResponse } from "@x402/core/types";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";
import type { ChainInfo } from "./chain.ts";
import { Gate } from "./gate.ts";

/**
 * How an upstream behaves, by the path it is called at. All behaviours speak x402. Those that settle do so on the run's
 * chain.
 */
export type Behaviour =
  | "honest" // settles, then answers
  | "free" // answers without a payment
  | "lost" // settles, then cuts the connection
  | "hang" // settles, never answers
  | "never" // cuts the connection after the signature, never settles
  | "liar" // answers the paid request with 402, and keeps the signature for settleHeld()
  | "fake" // answers with a made-up transaction, never settles
  | "fails" // settles, then 500
  | "redirect" // settles, then 307 to another address
  | "slow" // never answers the unpaid request
  | "broken" // answers the unpaid request with 500
  | "text" // settles, answers text
  | "binary" // settles, answers bytes
  | "huge" // settles, answers more than a server accepts
  | "dedupes" // settles and cuts the connection; answers if the same payment is sent again
  | "deep" // settles, answers JSON that is nested too deep to serialise
  | "bare" // answers the unpaid request with a 402 without terms
  | "scripted" // settles, then answers as `answerWith` says
  | "gone"; // resets the connection of the paid request

export interface SeenRequest {
  behaviour: string;
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  paid: boolean;
}

/** One of a run's two requests: without a payment, which asks for the terms, or with it. */
export type Half = "unpaid" | "paid";

export interface Upstream {
  payTo: `0x${string}`;
  /** The terms of its 402s. Tests change them. */
  terms: {
    amount: string;
    payTo: string;
    asset: string;
    network: string;
    maxTimeoutSeconds: number;
    name: string;
  };
  /** The extensions of its 402s, such as `bazaar`. Tests change them. */
  extensions: Record<string, unknown>;
  seen: SeenRequest[];
  paid(): SeenRequest[];
  url(behaviour: Behaviour): string;
  /** What `scripted` answers after it has settled. The headers already hold the receipt. */
  answerWith(script: (res: ServerResponse, req: IncomingMessage) => void): void;
  /** Holds back the answers to such requests from now on. Paid requests are settled before that. */
  hold(half: Half): Gate;
  /** Settles the signatures that `liar` kept, or the first ones of them. */
  settleHeld(count?: number): Promise<SettleResponse[]>;
  close(): Promise<void>;
}

/** @param chain where it is paid; by default, the run's chain */
export async function startUpstream(
  priceMicros = 20_000,
  chain: ChainInfo = inject("chain"),
): Promise<Upstream> {
  const payTo = privateKeyToAddress(generatePrivateKey());
  const terms = {
    amount: String(priceMicros),
    payTo,
    asset: chain.asset,
    network: chain.network,
    maxTimeoutSeconds: 60,
    name: "USDC",
  };
  const extensions: Record<string, unknown> = {};
  const seen: SeenRequest[] = [];
  const known = new Set<string>();
  const held: { payload: PaymentPayload; requirements: PaymentRequirements }[] = [];
  let script = (res: ServerResponse, _req: IncomingMessage): void => void res.end();
  const gates: Partial<Record<Half, Gate>> = {};

  const requirementsNow = (): PaymentRequirements => {
    const { name, ...rest } = terms;
    return { scheme: "exact", ...rest, extra: { name, version: "2" } };
  };
  const settle = async (
    payload: PaymentPayload,
    requirements: PaymentRequirements,
  ): Promise<SettleResponse> => {
    const response = await fetch(`${chain.facilitatorUrl}/settle`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ x402Version: 2, paymentPayload: payload, paymentRequirements: requirements }),
    });
    return (await response.json()) as SettleResponse;
  };

  const server = createServer((req, res) => {
    void handle(req, res).catch(() => res.destroy());
  });

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const url = req.url ?? "/";
    const behaviour = url.slice(1).split(/[/?]/)[0] as Behaviour;
    const signature = req.headers["payment-signature"];
    const body = Buffer.concat(chunks).toString("utf8");
    seen.push({
      behaviour,
      method: req.method ?? "",
      url,
      headers: req.headers,
      body,
      paid: signature !== undefined,
    });

    if (behaviour === "free") return json(res, 200, { free: true });
    if (typeof signature !== "string") {
      if (behaviour === "slow") return;
      await gates.unpaid?.pass();
      if (behaviour === "bare") return json(res, 402, { error: "pay me" });
      if (behaviour === "broken") return json(res, 500, { oops: true });
      const required = {
        x402Version: 2 as const,
        error: "Payment required",
        resource: {
          url: `http://${req.headers.host ?? ""}${url}`,
          description: "test",
          mimeType: "application/json",
        },
        accepts: [requirementsNow()],
        extensions,
      };
      return json(res, 402, {}, { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required) });
    }

    const payload = decodePaymentSignatureHeader(signature);
    const requirements = requirementsNow();
    switch (behaviour) {
      case "never":
        return void res.destroy();
      case "gone":
        return void req.socket.resetAndDestroy();
      case "liar":
        held.push({ payload, requirements });
        return json(res, 402, { error: "not enough" });
      case "fake":
        return json(res, 200, { data: "not paid for" }, receipt({ transaction: `0x${"ab".repeat(32)}` }));
      default: // the others settle first
    }
    const paymentId = JSON.stringify(payload.payload);
    if (behaviour === "dedupes" && known.has(paymentId)) return json(res, 200, { again: true });
    known.add(paymentId);
    const settled = await settle(payload, requirements);
    if (!settled.success) return json(res, 402, { error: settled.errorReason });
    await gates.paid?.pass();
    switch (behaviour) {
      case "deep":
        return void res
          .writeHead(200, { "content-type": "application/json", ...receipt(settled) })
          .end("[".repeat(20_000) + "]".repeat(20_000));
      case "scripted":
        for (const [name, value] of Object.entries(receipt(settled))) res.setHeader(name, value);
        return script(res, req);
      case "dedupes":
      case "lost":
        return void res.destroy();
      case "hang":
        return;
      case "fails":
        return json(res, 500, { error: "after taking the money" }, receipt(settled));
      case "redirect":
        return void res
          .writeHead(307, { location: "http://127.0.0.1:9/elsewhere", ...receipt(settled) })
          .end();
      case "text":
        return void res
          .writeHead(200, { "content-type": "text/plain; charset=utf-8", ...receipt(settled) })
          .end("grüß dich");
      case "binary":
        return void res
          .writeHead(200, { "content-type": "image/png", ...receipt(settled) })
          .end(Buffer.of(0, 255, 1));
      case "huge":
        return void res
          .writeHead(200, { "content-type": "text/plain", ...receipt(settled) })
          .end("x".repeat(5_000_000));
      default:
        return json(res, 200, { echo: body === "" ? url : (JSON.parse(body) as unknown) }, receipt(settled));
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    payTo,
    terms,
    extensions,
    seen,
    paid: () => seen.filter(({ paid }) => paid),
    url: (behaviour) => `http://127.0.0.1:${port}/${behaviour}`,
    answerWith(given) {
      script = given;
    },
    hold(half) {
      const gate = new Gate();
      gates[half] = gate;
      return gate;
    },
    settleHeld: (count = held.length) =>
      Promise.all(held.splice(0, count).map(({ payload, requirements }) => settle(payload, requirements))),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const receipt = (settled: Partial<SettleResponse>): Record<string, string> => ({
  "PAYMENT-RESPONSE": encodePaymentResponseHeader({
    success: true,
    transaction: "",
    network: "eip155:84532",
    ...settled,
  }),
});

function json(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
