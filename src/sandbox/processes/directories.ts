import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeAtomically } from "./atomic-file.ts";

/** Where the parts of a sandbox keep their files. */
export interface SandboxDirectories {
  postgres: string;
  chain: string;
  services: string;
  /** The entries of `ServerRegistry`. */
  servers: string;
  /** A file, not a directory. */
  lock: string;
}

/** @param sandboxDirectory the directory `sandbox` inside the data directory */
export function sandboxDirectories(sandboxDirectory: string): SandboxDirectories {
  return {
    postgres: path.join(sandboxDirectory, "postgres"),
    chain: path.join(sandboxDirectory, "chain"),
    services: path.join(sandboxDirectory, "services"),
    servers: path.join(sandboxDirectory, "servers"),
    lock: path.join(sandboxDirectory, "lock"),
  };
}

/**
 * The id of this sandbox. A sandbox made after its directory was deleted has another id. Created at the first
 * call.
 */
export function sandboxId(sandboxDirectory: string): string {
  const file = idFile(sandboxDirectory);
  if (!existsSync(file)) writeAtomically(file, randomUUID());
  return readFileSync(file, "utf8");
}

/** Whether the directory still holds the sandbox with this id. */
export function isSameSandbox(sandboxDirectory: string, id: string): boolean {
  try {
    return readFileSync(idFile(sandboxDirectory), "utf8") === id;
  } catch {
    return false;
  }
}

const idFile = (sandboxDirectory: string): string => path.join(sandboxDirectory, "id");
