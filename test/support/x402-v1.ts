import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmSchemeV1 } from "@x402/evm/v1";
import type { LocalAccount } from "viem";

/** What an x402 v1 client sends after a 402: it reads the body, knows no headers of v2, and pays in `X-PAYMENT`. */
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
