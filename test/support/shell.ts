import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

export const CURL: Program = { names: ["curl"], package: "curl" };
export const JQ: Program = { names: ["jq"], package: "jq" };

const ROOT = path.resolve(import.meta.dirname, "../..");

/** The blocks of a guide in docs/ that are marked as commands (`sh`). */
export const commandsOf = (guide: string): string[] =>
  [...readFileSync(path.join(ROOT, "docs", guide), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(
    ([, commands]) => commands ?? "",
  );

/** Runs commands in one shell that stops at the first failure. Returns what they print. */
export async function runCommands(commands: string[], variables: Record<string, string>): Promise<string> {
  const script = ["set -euo pipefail", ...commands].join("\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", script], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...variables },
  }).catch((error: unknown) => {
    throw new Error(`the commands failed after printing:\n${(error as { stdout: string }).stdout}`, {
      cause: error,
    });
  });
  return stdout;
}
