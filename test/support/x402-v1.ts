import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmSchemeV1 } from "@x402/evm/v1";
import type { LocalAccount } from "viem";

/** Pays a 402 as an x402 v1 client, which reads the terms from the body. Returns the header `X-PAYMENT`. */
export async function payV1(
  account: LocalAccount,
  body: { x402Version: number; accepts: unknown[] },
): Promise<Record<string, string>> {
  const client = x402Client.fromConfig({
    schemes: [{ network: "base-sepolia" as never, client: new ExactEvmSchemeV1(account), x402Version: 1 }],
  });
  const http = new x402HTTPClient(client);
  const required = http.getPaymentRequiredResponse(() => null, body);
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
}
