// Buys with mppx, which pays x402 v2. Arguments: URL and the wallet's key. Prints the answer's status and body.
import { evm, Mppx } from "mppx/client";
import { privateKeyToAccount } from "viem/accounts";

const [url, privateKey] = process.argv.slice(2);
const { fetch: pay } = Mppx.create({
  methods: [evm({ account: privateKeyToAccount(privateKey), maxAmount: "1", decimals: 6 })],
  polyfill: false,
});
const response = await pay(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ input: { n: 7 } }),
});
const receipt = response.headers.get("payment-response");
console.log(JSON.stringify({ status: response.status, body: await response.json(), receipt }));
