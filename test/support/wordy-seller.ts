import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { encodePaymentRequiredHeader } from "@x402/core/http";
import type { PaymentRequired } from "@x402/core/types";
import { inject } from "vitest";
import type { Injection } from "./injections.ts";

/** How a seller answers a request without payment, once it was registered. In each there is room for words. */
export const WORDY_REFUSALS = ["refusal", "bare 402", "other terms", "terms of v1"] as const;
export type WordyRefusal = (typeof WORDY_REFUSALS)[number];

export interface WordySeller {
  url(how: WordyRefusal, words: Injection): string;
  /** Until then it states honest terms, as sellers do when they are registered. */
  begin(): void;
  close(): Promise<void>;
}

/** A seller who never sells, and says a text wherever x402 and HTTP let it. */
export async function startWordySeller(payTo: string): Promise<WordySeller> {
  const { asset, network } = inject("chain");
  const honest = { scheme: "exact", network, asset, amount: "20000", payTo, maxTimeoutSeconds: 60 };
  let hasBegun = false;
  const said = new Map<string, Injection>();
  const server = createServer((req, res) =>
    hasBegun
      ? answer(req, res, said)
      : sendTerms(res, {
          resource: { url: `http://${req.headers.host ?? ""}` },
          accepts: [{ ...honest, extra: { name: "USDC", version: "2" } }],
        }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url(how, words) {
      said.set(words.canary, words);
      return `http://127.0.0.1:${port}/${encodeURIComponent(how)}/${words.canary}/${encodeURIComponent(words.name)}`;
    },
    begin() {
      hasBegun = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(req: IncomingMessage, res: ServerResponse, said: ReadonlyMap<string, Injection>): void {
  const [, how = "", canary = ""] = (req.url ?? "/").split("/").map(decodeURIComponent);
  const words = said.get(canary);
  if (words === undefined) return void res.writeHead(404).end();
  const { text, header } = words;
  const named = { "x-note": header, "retry-after": header };
  if (how === "refusal")
    return void res.writeHead(418, { ...named, "content-type": `text/plain; note=${header}` }).end(text);
  if (how === "bare 402")
    return void res
      .writeHead(402, { ...named, "content-type": "application/json" })
      .end(JSON.stringify({ error: text }));
  if (how === "terms of v1")
    return void res
      .writeHead(402, { ...named, "content-type": "application/json" })
      .end(JSON.stringify(wordyTermsV1(words)));
  sendTerms(res, wordyTerms(words), named);
}

/** x402's terms with a text in every field, and offers that would do but for one field each. */
export const wordyTerms = ({ text }: Injection): object => ({
  error: text,
  resource: {
    ...{ url: `https://seller.example/${text}`, description: text, mimeType: text },
    ...{ serviceName: text, tags: [text], iconUrl: `https://seller.example/${text}` },
  },
  extensions: { [text]: { info: text } },
  accepts: [
    {
      ...{ scheme: "exact", network: "eip155:84532", amount: "20000", payTo: text, asset: text },
      ...{ maxTimeoutSeconds: 60, extra: { name: text, version: text } },
    },
    { scheme: text, network: text, amount: text, payTo: text, asset: text, extra: { [text]: text } },
  ],
});

export const wordyTermsV1 = ({ text }: Injection): object => ({
  x402Version: 1,
  error: text,
  accepts: [
    {
      ...{ scheme: text, network: text, maxAmountRequired: text, payTo: text, asset: text },
      ...{ resource: text, description: text, mimeType: text, maxTimeoutSeconds: 60 },
      ...{ outputSchema: { [text]: text }, extra: { [text]: text } },
    },
  ],
});

function sendTerms(res: ServerResponse, terms: object, headers: Record<string, string> = {}): void {
  const required = encodePaymentRequiredHeader({ x402Version: 2, ...terms } as PaymentRequired);
  res
    .writeHead(402, { ...headers, "content-type": "application/json", "PAYMENT-REQUIRED": required })
    .end("{}");
}
