/**
 * Pays into a sponsor's budget with the stock x402 client. The wallet needs no gas: a facilitator submits its
 * signature.
 *
 *   KEY=tf_sk_… WALLET_PRIVATE_KEY=0x… node --import tsx examples/fund.ts http://127.0.0.1:3000/sponsor/campaigns/…/fund 100
 *
 * KEY is the sponsor's key, and the number is in cents.
 */
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

const [url = "", cents = ""] = process.argv.slice(2);
const { KEY: key = "", WALLET_PRIVATE_KEY: privateKey = "" } = process.env;

const wallet = privateKeyToAccount(privateKey as `0x${string}`);
const fetchAndPay = wrapFetchWithPaymentFromConfig(fetch, {
  schemes: [{ network: "eip155:*", client: new ExactEvmScheme(wallet) }],
  // No more than what was ordered. Without a limit, the client pays at most $1.
  spendControls: { maxAmountPerPayment: `$${Number(cents) / 100}` },
});
const response = await fetchAndPay(url, {
  method: "POST",
  headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  body: JSON.stringify({ amount_cents: Number(cents) }),
});
console.log(JSON.stringify(await response.json(), undefined, 2));
process.exitCode = response.ok ? 0 : 1;
