import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { DaemonId } from "../processes/daemon.ts";
import { findResponsive, startDaemon, stopDaemon } from "../processes/daemon.ts";
import { sandboxDirectories, sandboxId } from "../processes/directories.ts";
import type { Log } from "../processes/log.ts";
import { recordedPort, stablePort } from "../processes/ports.ts";

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;

const require = createRequire(import.meta.url);
const ROOT = path.dirname(require.resolve("tollfree/package.json"));
/** Whether this is the compiled server (`npm run build`), which needs neither the sources nor tsx. */
const COMPILED = import.meta.url.endsWith(".js");
/** The folder whose files make up the program. */
const CODE = path.join(ROOT, COMPILED ? "dist/server" : "src/sandbox");
const MAIN = path.join(
  ROOT,
  COMPILED ? "dist/server" : "src",
  `sandbox/services/main.${COMPILED ? "js" : "ts"}`,
);

/** The configuration of the services' process, passed as JSON in its first argument. */
export interface ServicesConfig {
  /** When this directory is deleted, the services stop the sandbox's other processes and themselves. */
  sandboxDirectory: string;
  sandboxId: string;
  rpcUrl: string;
  facilitatorPort: number;
  upstreamsPort: number;
  /** A hash of this configuration and of the code. `/health` answers with it. */
  fingerprint: string;
}

export interface Services {
  pid: number;
  facilitatorUrl: string;
  upstreamsUrl: string;
  /** Whether they ran already. */
  reused: boolean;
}

/**
 * Starts the facilitator and the demo upstreams in one separate process, unless they run. They are restarted if
 * their code or configuration changed. They keep their addresses unless another program took the ports.
 *
 * Hold the sandbox's lock: two calls at once for one sandbox aren't safe.
 */
export async function ensureServices(sandboxDirectory: string, rpcUrl: string, log: Log): Promise<Services> {
  const directory = sandboxDirectories(sandboxDirectory).services;
  mkdirSync(directory, { recursive: true });
  const id = servicesDaemon(directory);
  const portFile = (name: string): string => path.join(directory, `${name}.port`);
  const configure = (facilitatorPort: number, upstreamsPort: number): ServicesConfig => {
    const config = {
      sandboxDirectory,
      sandboxId: sandboxId(sandboxDirectory),
      rpcUrl,
      facilitatorPort,
      upstreamsPort,
    };
    return { ...config, fingerprint: fingerprintOf(config) };
  };
  const describeServices = (pid: number, config: ServicesConfig, reused: boolean): Services => ({
    pid,
    facilitatorUrl: urlOf(config.facilitatorPort),
    upstreamsUrl: urlOf(config.upstreamsPort),
    reused,
  });

  const recorded = configure(
    recordedPort(portFile("facilitator")) ?? 0,
    recordedPort(portFile("upstreams")) ?? 0,
  );
  const running = await findResponsive(id, async () => (await runningFingerprint(recorded)) !== undefined);
  if (running !== undefined && (await runningFingerprint(recorded)) === recorded.fingerprint) {
    log(`facilitator and demo upstreams found (pid ${running})`);
    return describeServices(running, recorded, true);
  }
  await stopServices(directory);
  const config = configure(
    await stablePort(portFile("facilitator")),
    await stablePort(portFile("upstreams")),
  );
  const args = [...programArguments(), JSON.stringify(config), directory];
  const pid = await startDaemon(
    id,
    { command: process.execPath, args },
    async () => (await runningFingerprint(config)) === config.fingerprint,
    READY_WITHIN_MS,
  );
  log(
    `facilitator started at ${urlOf(config.facilitatorPort)}, demo upstreams at ${urlOf(config.upstreamsPort)}`,
  );
  return describeServices(pid, config, false);
}

/** Stops the services if they run. Running payments are settled and answered first. */
export async function stopServices(directory: string): Promise<void> {
  await stopDaemon(servicesDaemon(directory), "SIGTERM", STOP_WITHIN_MS);
}

const servicesDaemon = (directory: string): DaemonId => ({
  name: "services",
  directory,
  marker: directory,
});

/**
 * Node's arguments that run the program. tsx loads the sources as CommonJS: for ES modules, it sends a message to another
 * thread for each of viem's 700 files, which more than doubles the start time of this process.
 */
const programArguments = (): string[] =>
  COMPILED ? [MAIN] : ["--require", require.resolve("tsx/cjs"), "--eval", "require(process.argv[1])", MAIN];

function fingerprintOf(config: Omit<ServicesConfig, "fingerprint">): string {
  const hash = createHash("sha256").update(JSON.stringify(config)).update(process.version);
  const files = readdirSync(CODE, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(js|ts|json)$/.test(name),
  );
  for (const file of [...files.sort(), path.relative(CODE, path.join(ROOT, "package.json"))]) {
    hash.update(`\n${file}\n`).update(readFileSync(path.join(CODE, file)));
  }
  return hash.digest("hex");
}

/** The fingerprint that both ports answer with. Undefined if one doesn't answer or they differ. */
async function runningFingerprint(config: ServicesConfig): Promise<string | undefined> {
  const ports = [config.facilitatorPort, config.upstreamsPort];
  const [facilitator, upstreams] = await Promise.all(ports.map(fingerprintAt));
  return facilitator === upstreams ? facilitator : undefined;
}

async function fingerprintAt(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`${urlOf(port)}/health`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return ((await response.json()) as { fingerprint?: string }).fingerprint;
  } catch {
    return undefined;
  }
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
