// `npm run build:web`: bundles the web console (src/web) into build/web, where the server finds it.
//   --if-needed   only if a source has changed since, or nothing is built yet: before `npm start` and the like
// Several may run at once: one builds, the others wait for it. Files are compressed here, once, so that no server does.
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
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = path.resolve(import.meta.dirname, "..");
const SOURCES = path.join(ROOT, "src/web");
const OUTPUT = path.join(ROOT, "build/web");
const MARK = path.join(OUTPUT, ".vite/built-from");
const LOCK = path.join(ROOT, "build/building-web");
/** A lock of a build that was killed. A build takes seconds. */
const LOCK_STALE_AFTER_MS = 60_000;
const COMPRESSED = /\.(js|css|html|svg)$/;

const [vite, react] = await Promise.all([
  import("vite").catch(() => undefined),
  import("@vitejs/plugin-react").catch(() => undefined),
]);
if (vite === undefined || react === undefined) {
  if (!existsSync(OUTPUT))
    console.error("The web console isn't built: Vite isn't installed. The API runs without it.");
  process.exit(0);
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

/** A hash of everything that the build reads. Types of the server don't change the bundle. */
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(import.meta.filename));
  const files = filesIn(SOURCES).sort();
  for (const file of [...files, path.join(ROOT, "package.json"), path.join(ROOT, "package-lock.json")])
    if (existsSync(file)) hash.update(`\n${path.relative(ROOT, file)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
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
  await vite.build({
    configFile: false,
    root: SOURCES,
    publicDir: path.join(SOURCES, "public"),
    logLevel: "warn",
    plugins: [react.default()],
    build: {
      outDir: next,
      emptyOutDir: true,
      target: "baseline-widely-available",
      // Inlined assets would be `data:` addresses, and the polyfill an inline script. The policy refuses both.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      manifest: true,
    },
  });
  compress(next);
  writeFileSync(path.join(next, ".vite/built-from"), builtFrom);
  if (existsSync(OUTPUT)) renameSync(OUTPUT, last);
  renameSync(next, OUTPUT);
  rmSync(last, { recursive: true, force: true });
}

function compress(directory) {
  for (const file of filesIn(directory).filter((name) => COMPRESSED.test(name))) {
    const bytes = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}
