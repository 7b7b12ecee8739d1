/**
 * A server as far as the sandbox is concerned: joins the world of the data directory given, prints it as one line of
 * JSON, and stays. SIGTERM makes it leave properly, SIGKILL doesn't.
 */
import { startSandbox } from "../../src/sandbox/index.ts";

const quiet = (): void => undefined;
const world = await startSandbox({
  dataDir: process.argv[2] ?? "",
  database: true,
  log: { info: quiet, warn: quiet, error: quiet },
});
process.once("SIGTERM", () => {
  world.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.stdout.write(`${JSON.stringify(world)}\n`);
setInterval(quiet, 60_000);
