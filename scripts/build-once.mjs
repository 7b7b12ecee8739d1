// Builds something at most once, for the programs that bundle: several may run at once, as when several replicas are started. One
// builds, the others wait for it. What runs keeps its files until the new ones stand in their place.
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

export const ROOT = path.resolve(import.meta.dirname, "..");
/** A lock of a build that was killed. A build takes seconds. */
const LOCK_STALE_AFTER_MS = 60_000;

export function filesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/**
 * With `--if-needed`, it builds only if one of `sources` has changed since, or nothing is built yet.
 * @param output the folder that is replaced
 * @param mark the file in it that says what it was built from
 * @param sources all files that the build reads
 * @param build writes into the folder that it is given
 */
export async function buildOnce({ output, mark, sources, build }) {
  const lock = `${output}-building`;
  const ifNeeded = process.argv.includes("--if-needed");
  const markFile = path.join(output, mark);
  const isBuilt = () => existsSync(markFile) && readFileSync(markFile, "utf8") === fingerprint(sources);
  if (ifNeeded && isBuilt()) return;
  await takeLock(lock);
  try {
    if (ifNeeded && isBuilt()) return;
    const next = `${output}-next`;
    const last = `${output}-last`;
    const builtFrom = fingerprint(sources);
    for (const directory of [next, last]) rmSync(directory, { recursive: true, force: true });
    await build(next);
    writeFileSync(path.join(next, mark), builtFrom);
    if (existsSync(output)) renameSync(output, last);
    renameSync(next, output);
    rmSync(last, { recursive: true, force: true });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function fingerprint(sources) {
  const hash = createHash("sha256").update(readFileSync(import.meta.filename));
  for (const file of sources.toSorted())
    if (existsSync(file)) hash.update(`\n${path.relative(ROOT, file)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

async function takeLock(lock) {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      return mkdirSync(lock);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const { mtimeMs = Date.now() } = statSync(lock, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > LOCK_STALE_AFTER_MS) rmSync(lock, { recursive: true, force: true });
    else await sleep(100);
  }
}
