/**
 * `npm run clients`: has generators of clients read the documents, and compiles what they make; lets clients that
 * others wrote buy; goes the whole way through Prism, which compares answers with the documents; runs the conformance
 * suite of MCP and its Inspector; and runs the demo and the typed client's test on a newer Node. Their packages, and that Node, are in test/outside-clients.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "..");
const OUTSIDE = path.join(ROOT, "test/outside-clients");

function run(title: string, program: string, args: string[], env: Record<string, string> = {}): void {
  console.log(`\n== ${title}`);
  const { status } = spawnSync(program, args, {
    cwd: title.startsWith("install") ? OUTSIDE : ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${title} failed`);
}

function findNewerNode(): string {
  const platforms = ["linux-x64", "linux-arm64", "darwin-arm64"];
  const programs = platforms.map((platform) => path.join(OUTSIDE, `node_modules/node-${platform}/bin/node`));
  const found = programs.find((program) => existsSync(program));
  if (found === undefined) throw new Error("there is no Node for this platform in test/outside-clients");
  return found;
}

// No package's scripts run: the clients need none, and the newer Node is a package that only holds it.
const QUIETLY = ["--no-save", "--no-fund", "--no-audit", "--ignore-scripts", "--loglevel=error"];
run("install the clients", "npm", ["install", ...QUIETLY]);
run("install the Inspector of MCP", "npm", ["install", "--prefix", "inspector", ...QUIETLY]);
const node = findNewerNode();
run("generate and compile clients", node, [path.join(OUTSIDE, "generate.mjs")]);

run("other clients, Prism and the conformance of MCP against a server", node, [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--config",
  "test/outside-clients/vitest.config.ts",
]);

const dataDirectory = mkdtempSync(path.join(tmpdir(), "tollfree-newer-node-"));
run("build", "npm", ["run", "--silent", "build:again"]);
run("the demo on the newer Node", node, ["dist/server/demo/main.js", "--once"], {
  PORT: "0",
  TOLLFREE_DATA_DIR: dataDirectory,
});
rmSync(dataDirectory, { recursive: true, force: true });
run("the typed client on the newer Node", node, [
  "node_modules/vitest/vitest.mjs",
  "run",
  "test/client/agent.test.ts",
]);
