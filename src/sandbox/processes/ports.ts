import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";
import { writeAtomically } from "./atomic-file.ts";

/**
 * Below the ports that systems hand out for outgoing connections (from 32768 on Linux): there, a port noted
 * yesterday would now and then be some connection's local end today, and addresses would not stay stable.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** The port written to `file` by `stablePort`, whether or not something listens there now. */
export function recordedPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, "utf8"));
    return Number.isInteger(port) && port > 0 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** A free loopback port: the one recorded in `file` if nobody took it, else a new one, recorded there. */
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
