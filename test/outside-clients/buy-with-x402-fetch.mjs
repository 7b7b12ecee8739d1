// Buys with the x402-fetch of x402 v1. Arguments: URL and the wallet's key. Prints the answer's status and body.
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { wrapFetchWithPayment } from "x402-fetch";

const [url, privateKey] = process.argv.slice(2);
const account = privateKeyToAccount(privateKey);
const wallet = createWalletClient({ account, chain: baseSepolia, transport: http("http://127.0.0.1:9") });
const response = await wrapFetchWithPayment(fetch, wallet)(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ input: { n: 7 } }),
});
const receipt = response.headers.get("x-payment-response");
console.log(JSON.stringify({ status: response.status, body: await response.json(), receipt }));
