import { ConfigError, readConfig } from "./app/config.ts";
import type { Started } from "./app/start.ts";
import { start } from "./app/start.ts";

/** A second signal, or a stop that takes longer than any request may, ends the process at once. */
const STOP_DEADLINE_MS = 60_000;

async function main(): Promise<void> {
  const started = await start(readConfig());
  console.log(`tollfree is listening on ${started.url}`);
  if (started.sandbox !== undefined) console.log(sandboxHints(started.url, started.sandbox));

  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
      started.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
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

try {
  await main();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
