/**
 * A server as far as the sandbox is concerned. It joins the sandbox of the given data directory, prints the
 * sandbox as one line of JSON, and keeps running. SIGTERM makes it leave the sandbox. SIGKILL ends it without
 * leaving.
 */
import { startSandbox } from "../../src/sandbox/index.ts";

const ignore = (): void => undefined;
const sandbox = await startSandbox({
  dataDir: process.argv[2] ?? "",
  database: true,
  log: { info: ignore, warn: ignore, error: ignore },
});
process.once("SIGTERM", () => {
  sandbox.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.stdout.write(`${JSON.stringify(sandbox)}\n`);
setInterval(ignore, 60_000);
