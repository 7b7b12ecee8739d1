import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { HealthWatch, SeenHealth } from "./health-program.ts";

/**
 * Runs a program of this folder in a process of its own. Returns what it prints.
 * @param input what it reads from its standard input, as JSON
 * @param priority as of `nice`: 19 is the lowest
 */
export async function runProgram(name: string, input: unknown, priority?: number): Promise<unknown> {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program], { stdio: ["pipe", "pipe", "inherit"] });
  if (priority !== undefined) setPriority(child.pid ?? 0, priority);
  child.stdin.end(JSON.stringify(input));
  return JSON.parse(await text(child.stdout));
}

/** Asks each server for `/healthz` again and again, in a process that does nothing else: a bench is a seller and a facilitator, too. */
export const watchHealth = async (watch: HealthWatch): Promise<SeenHealth[]> =>
  (await runProgram("./health-program.ts", watch)) as SeenHealth[];
