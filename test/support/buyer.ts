import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { PrivateKeyAccount } from "viem/accounts";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { ChainInfo } from "./chain.ts";
import { mint } from "./chain.ts";

/** A 402 that asks for a payment. */
interface PaymentDemand {
  headers: Headers;
  body: unknown;
}

/** A new wallet that pays with the stock x402 client (v2). */
export interface Buyer {
  wallet: PrivateKeyAccount;
  privateKey: `0x${string}`;
  /** Posts JSON, and pays if the answer is a 402. */
  post(url: string, body: object, headers?: Record<string, string>): Promise<Response>;
  /** Signs one payment for what a 402 asks for. Returns it as headers. @param id the payment's identifier, if it gets one */
  sign(demand: PaymentDemand, id?: string): Promise<Record<string, string>>;
}

/**
 * @param micros what the wallet holds, in base units of the test USDC
 * @param chain where it holds them; by default, the run's chain
 */
export async function createBuyer(micros: bigint, chain?: ChainInfo): Promise<Buyer> {
  const privateKey = generatePrivateKey();
  const wallet = privateKeyToAccount(privateKey);
  if (micros > 0n) await mint(wallet.address, micros, chain);
  // The client knows the test USDC only on the run's chain.
  const newClient = (): x402Client =>
    x402Client.fromConfig({
      schemes: [{ network: "eip155:*", client: new ExactEvmScheme(wallet) }],
      spendControls: false,
    });
  return {
    wallet,
    privateKey,
    post: (url, body, headers = {}) =>
      wrapFetchWithPayment(fetch, newClient())(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    async sign({ headers, body }, id) {
      const client = newClient();
      if (id !== undefined) client.registerExtension(paymentIdentifier(id));
      const http = new x402HTTPClient(client);
      const required = http.getPaymentRequiredResponse((name) => headers.get(name), body);
      return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
    },
  };
}

const paymentIdentifier = (id: string): Parameters<x402Client["registerExtension"]>[0] => ({
  key: "payment-identifier",
  enrichPaymentPayload: (payload) =>
    Promise.resolve({
      ...payload,
      extensions: { "payment-identifier": { info: { required: false, id }, schema: {} } },
    }),
});

/** The same payment header with its content changed. */
export function changePayment(
  header: Record<string, string>,
  // The tests change payments of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  change: (payment: any) => void,
): { "PAYMENT-SIGNATURE": string } {
  const payment: unknown = JSON.parse(Buffer.from(header["PAYMENT-SIGNATURE"] ?? "", "base64").toString());
  change(payment);
  return { "PAYMENT-SIGNATURE": Buffer.from(JSON.stringify(payment)).toString("base64") };
}
