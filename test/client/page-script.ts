/**
 * The script of a web page that uses Tollfree. It runs in a browser (`pages.test.ts`), so it imports nothing of Node,
 * and takes and returns JSON.
 */
import { createTRPCClient, httpBatchLink, httpBatchStreamLink } from "@trpc/client";
import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import type { AppRouter } from "../../src/client/index.ts";
import { connect } from "../../src/client/index.ts";

/** An agent with a grant finds a service, completes the sponsor's task, runs the service, and ends its session. */
export async function finishFlow(options: {
  url: string;
  apiKey: string;
  userId: string;
  service: string;
  answers: Record<string, unknown>;
}): Promise<{ found: string[]; output: unknown; state: string; afterwards: string }> {
  const { url, apiKey, userId, service, answers } = options;
  const consent = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };
  const agent = await connect({
    url,
    apiKey,
    userId,
    budgetLimitCents: 50,
    hooks: { onTask: () => ({ taskData: answers, consent }) },
  });
  const { services } = await agent.search({ q: "weather", limit: 50 });
  const { output } = await agent.run(service, { n: 3 });
  const { flow_state: state } = await agent.status();
  await agent.revoke();
  const afterwards = await agent.status().then(
    () => "still open",
    (error: unknown) => (error as { code: string }).code,
  );
  return { found: services.map(({ service_key }) => service_key), output, state, afterwards };
}

/** A buyer with the stock x402 client. */
export async function buy(options: {
  url: string;
  privateKey: `0x${string}`;
  body: string | null;
}): Promise<{ status: number; output: unknown; receipt: unknown }> {
  const { url, privateKey, body } = options;
  const client = x402Client.fromConfig({
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(privateKeyToAccount(privateKey)) }],
    spendControls: false,
  });
  const response = await wrapFetchWithPayment(fetch, client)(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const receipt = response.headers.get("PAYMENT-RESPONSE");
  return {
    status: response.status,
    output: await response.json(),
    receipt: receipt === null ? null : decodePaymentResponseHeader(receipt),
  };
}

/** Two calls in one batch of tRPC's own client. */
export async function batch(options: {
  url: string;
  token: string;
  link: "list" | "stream";
}): Promise<{ state: string; refused: string }> {
  const { url, token, link } = options;
  const createLink = link === "list" ? httpBatchLink : httpBatchStreamLink;
  const headers = { authorization: `Bearer ${token}` };
  const { agent } = createTRPCClient<AppRouter>({ links: [createLink({ url: `${url}/trpc`, headers })] });
  const [status, refused] = await Promise.all([
    agent.flowStatus.query(),
    agent.getApproval.query({ approval_id: "none" }).then(
      () => "answered",
      (error: unknown) => (error as { data: { error_code: string } }).data.error_code,
    ),
  ]);
  return { state: status.data.flow_state, refused };
}

/** One request. Returns what the page may see of the answer, or the error's name if the browser shows nothing. */
export async function request(options: {
  url: string;
  init: RequestInit;
  names: string[];
}): Promise<{ status: number; body: unknown; headers: (string | null)[] } | string> {
  try {
    const response = await fetch(options.url, options.init);
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? null : (JSON.parse(text) as unknown),
      headers: options.names.map((name) => response.headers.get(name)),
    };
  } catch (error) {
    return (error as Error).name;
  }
}
