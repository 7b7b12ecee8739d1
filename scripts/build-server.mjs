// `npm run build`: bundles our files into dist/server; packages stay in node_modules.
//   --if-needed   only if a source has changed since, or nothing is built yet: before `npm start` and the like
// Several may run at once, as when several replicas are started: one builds, the others wait for it. A server that runs
// keeps its files until the new ones stand in their place.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = path.resolve(import.meta.dirname, "..");
const OUTPUT = path.join(ROOT, "dist/server");
const MARK = path.join(OUTPUT, "built-from");
const LOCK = path.join(ROOT, "dist/building");
const CONSOLE = path.join(ROOT, "src/web") + path.sep;
/** A lock of a build that was killed. A build takes seconds. */
const LOCK_STALE_AFTER_MS = 60_000;

const esbuild = await import("esbuild").catch(() => undefined);
if (esbuild === undefined) {
  // Only the compiled form was installed.
  if (existsSync(OUTPUT)) process.exit(0);
  console.error("esbuild isn't installed, and nothing is built: run npm install with development packages.");
  process.exit(1);
}

const ifNeeded = process.argv.includes("--if-needed");
if (!(ifNeeded && isBuilt())) {
  await takeLock();
  try {
    if (!(ifNeeded && isBuilt())) await build();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** A hash of everything that the build reads. */
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(import.meta.filename));
  const sources = readdirSync(path.join(ROOT, "src"), { recursive: true, withFileTypes: true });
  const files = sources
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(CONSOLE)); // the browser's, built by build-web.mjs
  for (const file of [...files.sort(), path.join(ROOT, "package.json")])
    hash.update(`\n${path.relative(ROOT, file)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

function isBuilt() {
  return existsSync(MARK) && readFileSync(MARK, "utf8") === fingerprint();
}

async function takeLock() {
  mkdirSync(path.dirname(LOCK), { recursive: true });
  for (;;) {
    try {
      return mkdirSync(LOCK);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const { mtimeMs = Date.now() } = statSync(LOCK, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > LOCK_STALE_AFTER_MS) rmSync(LOCK, { recursive: true, force: true });
    else await sleep(100);
  }
}

async function build() {
  const next = `${OUTPUT}-next`;
  const last = `${OUTPUT}-last`;
  const builtFrom = fingerprint();
  for (const directory of [next, last]) rmSync(directory, { recursive: true, force: true });
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [
      "src/main.ts",
      "src/demo/main.ts",
      "src/sandbox/services/main.ts",
      "src/app/compute/program.ts",
    ],
    outbase: "src",
    outdir: next,
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
  });
  writeFileSync(path.join(next, "built-from"), builtFrom);
  if (existsSync(OUTPUT)) renameSync(OUTPUT, last);
  renameSync(next, OUTPUT);
  rmSync(last, { recursive: true, force: true });
}
