import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";
import { writeAtomically } from "./atomic-file.ts";

/**
 * Ports below those that systems use for outgoing connections (from 32768 on Linux). A recorded port in that range
 * could be in use by a connection at the next start, and addresses would change.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** The port that `stablePort` wrote to `file`, whether or not a process listens on it. */
export function recordedPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, "utf8"));
    return Number.isInteger(port) && port > 0 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** A free loopback port: the one recorded in `file` if it is free, otherwise a new one, which is recorded. */
export async function stablePort(file: string): Promise<number> {
  const recorded = recordedPort(file);
  if (recorded !== undefined && (await isFree(recorded))) return recorded;
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!(await isFree(port))) continue;
    writeAtomically(file, String(port));
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
