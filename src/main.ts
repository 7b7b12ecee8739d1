import { ConfigError, readConfig } from "./app/config.ts";
import type { Started } from "./app/start.ts";
import { migrate, proveLedger, start } from "./app/start.ts";
import type { Proof } from "./core/money/ledger/index.ts";
import { CHECKS } from "./core/money/ledger/index.ts";

/** Longer than any request in flight may take, once no more are taken. */
const STOP_WITHIN_MS = 60_000;
const SAME_SIGNAL_MS = 2_000;

async function main(): Promise<void> {
  const config = readConfig();
  if (process.argv.includes("--migrate")) return migrate(config);
  if (process.argv.includes("--verify-ledger")) return tell(await proveLedger(config));
  const starting = start(config);
  stopOnSignal(starting, config.drainSeconds * 1000 + STOP_WITHIN_MS);
  const started = await starting;
  console.log(`tollfree is listening on ${started.url}`);
  if (started.sandbox !== undefined) console.log(sandboxHints(started.url, started.sandbox));
}

/** One line for each check, and one for each thing that is wrong with it; ends with 1 if there is any. */
function tell({ findings, counts, block }: Proof): void {
  for (const [check, claim] of Object.entries(CHECKS)) {
    const wrong = findings.filter((finding) => finding.check === check);
    console.log(`${wrong.length === 0 ? "ok    " : "WRONG "} ${claim}`);
    for (const { detail } of wrong) console.log(`         ${detail}`);
  }
  console.log(
    `looked at ${counts.accounts} accounts, ${counts.entries} entries, ${counts.payments} settled payments and ` +
      `${counts.transfers} transfers, up to block ${block}`,
  );
  if (findings.length > 0) process.exitCode = 1;
}

/**
 * The first signal stops gracefully; a second one, from somebody who has lost patience, ends the process. Signals are
 * listened to from the beginning, since as process 1 of a container nobody else does.
 */
function stopOnSignal(starting: Promise<Started>, deadlineMs: number): void {
  let since: number | undefined;
  const stop = async (): Promise<void> => {
    if (since !== undefined) {
      // Process managers and npm pass one signal on twice.
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    since = performance.now();
    setTimeout(() => process.exit(1), deadlineMs).unref();
    const started = await starting;
    await started.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        console.error(explain(error));
        process.exit(1);
      });
    });
  }
}

function sandboxHints(url: string, { adminApiKey, demo }: NonNullable<Started["sandbox"]>): string {
  const hints = [`  admin key       ${adminApiKey}`];
  if (demo !== undefined) {
    hints.push(
      `  agent key       ${demo.agent_api_key}`,
      `  sponsor key     ${demo.sponsor_api_key}`,
      "",
      "Open a session, then follow its next_actions:",
      `  curl -s ${url}/agent/auth -H 'Authorization: Bearer ${demo.agent_api_key}' -H 'Content-Type: application/json' \\`,
      `    -d '{"user_id":"${demo.user_id}","scopes":{"allowed_task_types":["*"],"allowed_data_types":["*"],"allowed_categories":["*"]},"budget_limit_cents":100}'`,
    );
  }
  return hints.join("\n");
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined || error instanceof ConfigError ? "" : ` (${explain(error.cause)})`;
  return error.message + cause;
}

try {
  await main();
} catch (error) {
  // A stack helps nobody who mistyped a URL; what failed and why does.
  console.error(explain(error));
  process.exit(1);
}
