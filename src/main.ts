import { archiveAudit } from "./app/archive-audit.ts";
import { ConfigError } from "./app/config-error.ts";
import { configuredSecrets, readConfig, readOwnerConfig } from "./app/config.ts";
import type { Started } from "./app/start.ts";
import { acceptNewDigestKey } from "./app/digest-key.ts";
import { examine } from "./app/doctor/index.ts";
import { migrate, proveLedger, start } from "./app/start.ts";
import type { Proof } from "./core/money/ledger/index.ts";
import { CHECKS } from "./core/money/ledger/index.ts";
import { SetupProblem } from "./platform/setup-problem.ts";
import { hideSecrets } from "./platform/observability/hide-secrets.ts";

/** How long a stop may take after the drain period: longer than any request in flight. */
const MAX_STOP_MS = 60_000;
/** A second signal within this time counts as the same signal. */
const SAME_SIGNAL_MS = 2_000;

async function main(): Promise<void> {
  if (process.argv.includes("--doctor")) return printExamination();
  if (process.argv.includes("--migrate")) return migrate(readOwnerConfig());
  if (process.argv.includes("--archive-audit"))
    return archiveAudit(readOwnerConfig(), {
      apply: process.argv.includes("--apply"),
      print: (line) => console.log(line),
    });
  const config = readConfig();
  if (process.argv.includes("--accept-digest-key")) {
    await acceptNewDigestKey(config);
    return console.log("The digest key is accepted. Open approvals have to be asked for again.");
  }
  if (process.argv.includes("--verify-ledger")) return printProof(await proveLedger(config));
  const starting = start(config);
  stopOnSignal(starting, config.drainSeconds * 1000 + MAX_STOP_MS);
  const started = await starting;
  console.log(`tollfree is listening on ${started.url}`);
  if (started.sandboxPage !== undefined) console.log(sandboxHints(started.url, started.sandboxPage));
}

/** Prints one line for each check of the installation. If there is a problem, the exit code is 1. */
async function printExamination(): Promise<void> {
  const secrets = configuredSecrets();
  const outcomes = await examine((line) => console.log(hideSecrets(line, secrets)));
  if (Object.values(outcomes).some((outcome) => outcome !== "ok")) process.exitCode = 1;
}

/**
 * Prints one line for each ledger check and one for each finding. If there are findings, the exit code is 1.
 */
function printProof({ findings, counts, blocks }: Proof): void {
  for (const [check, claim] of Object.entries(CHECKS)) {
    const failures = findings.filter((finding) => finding.check === check);
    console.log(`${failures.length === 0 ? "ok    " : "WRONG "} ${claim}`);
    for (const { detail } of failures) console.log(`         ${detail}`);
  }
  console.log(
    `looked at ${counts.accounts} accounts, ${counts.entries} entries, ${counts.payments} settled payments and ` +
      `${counts.transfers} transfers, up to block ${Object.entries(blocks)
        .map(([network, block]) => `${block} of ${network}`)
        .join(", ")}`,
  );
  if (findings.length > 0) process.exitCode = 1;
}

/**
 * Stops the server gracefully on SIGINT or SIGTERM. A second signal ends the process at once. The handlers
 * are added before the server starts: as process 1 of a container, a process without handlers ignores these
 * signals.
 */
function stopOnSignal(starting: Promise<Started>, deadlineMs: number): void {
  let firstSignalAt: number | undefined;
  const stop = async (): Promise<void> => {
    if (firstSignalAt !== undefined) {
      // Process managers and npm can deliver one signal twice.
      if (performance.now() - firstSignalAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    firstSignalAt = performance.now();
    setTimeout(() => process.exit(1), deadlineMs).unref();
    const started = await starting;
    await started.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        console.error(hideSecrets(describeError(error), configuredSecrets()));
        process.exit(1);
      });
    });
  }
}

function sandboxHints(url: string, { adminApiKey, demo }: NonNullable<Started["sandboxPage"]>): string {
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

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isComplete = error instanceof ConfigError || error instanceof SetupProblem;
  const cause = error.cause === undefined || isComplete ? "" : ` (${describeError(error.cause)})`;
  return error.message + cause;
}

try {
  await main();
} catch (error) {
  // No stack: an operator who mistyped a URL needs to know what failed and why.
  console.error(hideSecrets(describeError(error), configuredSecrets()));
  process.exit(1);
}
