import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeAtomically } from "./atomic-file.ts";

/** Where the parts of a world keep what is theirs. */
export interface SandboxDirectories {
  postgres: string;
  chain: string;
  services: string;
  servers: string;
  lock: string;
}

/** @param world the sandbox's directory inside the data directory */
export function sandboxDirectories(world: string): SandboxDirectories {
  return {
    postgres: path.join(world, "postgres"),
    chain: path.join(world, "chain"),
    services: path.join(world, "services"),
    servers: path.join(world, "servers"),
    lock: path.join(world, "lock"),
  };
}

/** Distinguishes this world from one that was here before its directory was deleted. Made on first use. */
export function sandboxId(world: string): string {
  const file = idFile(world);
  if (!existsSync(file)) writeAtomically(file, randomUUID());
  return readFileSync(file, "utf8");
}

/** Whether that world is still here. */
export function isSameSandbox(world: string, id: string): boolean {
  try {
    return readFileSync(idFile(world), "utf8") === id;
  } catch {
    return false;
  }
}

const idFile = (world: string): string => path.join(world, "id");
