import { createPublicClient, http, parseAbi } from "viem";
import { readConfig } from "../app/config.ts";
import type { Started } from "../app/start.ts";
import { start } from "../app/start.ts";
import type { Reached, Step } from "./follow-next-actions.ts";
import { followNextActions, openingCall, requireReached } from "./follow-next-actions.ts";
import type { Person } from "./profile.ts";
import { createAgent, createPerson, profile } from "./profile.ts";
import { sendOverHttp } from "./send-over-http.ts";

/**
 * `npm run demo`: starts a sandbox, and runs an agent that only follows `next_actions` up to a real x402
 * payment. The agent knows only its key and the server's URL. This program also plays the person who approves, unless
 * `--approve-in-browser` leaves that to a real one.
 */
async function demo(): Promise<void> {
  const once = process.argv.includes("--once");
  // The default port is any free one, so that the demo also works while another server runs.
  const config = readConfig(undefined, { LOG_LEVEL: "error", PORT: "0" });
  const started = await start(config);
  const stop = async (): Promise<never> => {
    await started.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop().catch(() => process.exit(1));
    });
  }
  console.log(`tollfree is listening on ${started.url}\n`);
  try {
    await runDemo(started);
  } catch (error) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    await started.stop();
    process.exit(1);
  }
  console.log(`\nThe console for people: ${started.url}/agents`);
  if (once) await stop();
  console.log(`\nThe server still runs at ${started.url}. Stop it with Ctrl-C.`);
}

/** Runs the agent and prints its steps, its result, and the balances before and after. */
async function runDemo({ url, sandboxPage }: Started): Promise<void> {
  if (sandboxPage?.demo === undefined) throw new Error("the demo needs the sandbox with its demo data");
  const { sandbox, demo: keys, adminApiKey } = sandboxPage;
  const chain = createPublicClient({ transport: http(sandbox.rpcUrl) });
  const balanceOf = (address: `0x${string}`): Promise<bigint> =>
    chain.readContract({ address: sandbox.asset, abi: BALANCE, functionName: "balanceOf", args: [address] });
  const payees = [...new Set(sandbox.upstreams.map(({ pay_to }) => pay_to as `0x${string}`))];
  const balances = async (): Promise<bigint[]> =>
    Promise.all([sandbox.treasury.address, ...payees].map(balanceOf));

  const inBrowser = process.argv.includes("--approve-in-browser");
  const before = await balances();
  const user = inBrowser ? PERSON_IN_BROWSER : await createPerson({ url, adminApiKey });
  // The demo person knows the sandbox's agent already. A new one asks as at a first contact.
  const apiKey = inBrowser ? await createAgent({ url, adminApiKey }, "Scout") : keys.agent_api_key;
  const end = await followNextActions({
    send: sendOverHttp(url, { apiKey }),
    first: openingCall({ scopes: REQUESTED_SCOPES, budget_limit_cents: 25 }),
    profile,
    goal: { search_services: { intent: "When does the sun set in Lisbon?" } },
    onStep: printStep,
    onApproval: (details) => user.approve(details),
    // A real person takes minutes.
    ...(inBrowser && { maxSteps: 2_000 }),
  });
  const after = await balances();
  const reached = requireReached(end);
  printResult(reached, sandbox.upstreams, [sandbox.treasury.address, ...payees], before, after);
  const txHash = reached.payment["tx_hash"] as `0x${string}`;
  const receipt = await chain.getTransactionReceipt({ hash: txHash });
  console.log(
    `\n  The transaction is in block ${receipt.blockNumber} of chain ${sandbox.chainId}: ${receipt.status}`,
  );
}

const PERSON_IN_BROWSER: Person = {
  approve({ approval_url, user_code }) {
    console.log(`    open ${String(approval_url)} and enter the code ${String(user_code)}`);
    return Promise.resolve();
  },
};

const BALANCE = parseAbi(["function balanceOf(address) view returns (uint256)"]);

const REQUESTED_SCOPES = {
  allowed_task_types: ["survey", "data_provision"],
  allowed_data_types: ["region", "attributes"],
  allowed_categories: ["*"],
};

let stepCount = 0;
let lastLine = "";
function printStep({ action, method, endpoint, status, body }: Step): void {
  // The same answer to the same question: the agent waits.
  const line = `${method} ${endpoint} ${status}${summarize(body.data)}`;
  if (line === lastLine) return;
  lastLine = line;
  stepCount += 1;
  const nextAction = body.next_actions[0];
  console.log(`${String(stepCount).padStart(2)}. ${action.padEnd(16)} ${method.padEnd(4)} ${endpoint}`);
  console.log(`    ${status} ${body.error_code ?? "ok"}${summarize(body.data)}`);
  if (nextAction !== undefined) console.log(`    next action: ${nextAction.action}`);
}

/** The most important facts of a response, as text to append to a line. */
function summarize(data: Record<string, unknown> | undefined): string {
  if (data === undefined) return "";
  const services = data["services"] as
    { name: string; sponsor: string; required_task: string | null }[] | undefined;
  if (services !== undefined) {
    const [best] = services;
    return best === undefined
      ? " · nothing found"
      : ` · ${services.length} found, best: ${best.name}, paid by ${best.sponsor}`;
  }
  if (typeof data["task_description"] === "string") return ` · ${data["task_description"]}`;
  if (typeof data["status"] === "string") return ` · ${data["status"]}`;
  const payment = data["payment"] as
    { status: string; amount_cents: number; sponsored_by: string } | undefined;
  if (payment !== undefined)
    return ` · ${payment.amount_cents} cents, ${payment.status}, paid by ${payment.sponsored_by}`;
  return "";
}

function printResult(
  { run, payment }: Reached,
  upstreams: { pay_to: string; name: string }[],
  addresses: string[],
  before: bigint[],
  after: bigint[],
): void {
  console.log(
    `\nThe agent has its resource:\n${JSON.stringify(run["output"], null, 2).replace(/^/gm, "  ")}`,
  );
  console.log(`\n  payment  ${String(payment["payment_id"])}  ${String(payment["status"])}`);
  console.log(`  tx       ${String(payment["tx_hash"])}`);
  console.log("\n  test USDC on chain            before         after");
  for (const [index, address] of addresses.entries()) {
    const name =
      index === 0
        ? "Tollfree's treasury"
        : (upstreams.find(({ pay_to }) => pay_to === address)?.name ?? address);
    console.log(`  ${name.padEnd(24)}${formatDollars(before[index])}${formatDollars(after[index])}`);
  }
}

const formatDollars = (micros = 0n): string => (Number(micros) / 1e6).toFixed(6).padStart(14);

await demo();
