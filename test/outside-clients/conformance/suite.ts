import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The official conformance suite, as a program. Its two lines differ in what they check. */
const SUITES = { "0.2": "@modelcontextprotocol/conformance", "0.1": "conformance-0.1" } as const;
export type Suite = keyof typeof SUITES;

/** 0.1 has no time limit of its own. */
const MOST_MS_OF_SCENARIO = 30_000;

const programOf = (suite: Suite): string =>
  path.join(import.meta.dirname, "../node_modules", SUITES[suite], "dist/index.js");

export interface Scenario {
  name: string;
  /** The revisions it holds for. `extension` is none of them. */
  revisions: string[];
}

/** The scenarios for servers, as the suite lists them. */
export const listScenarios = (suite: Suite): Scenario[] =>
  execFileSync(process.execPath, [programOf(suite), "list", "--server"], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, name, revisions] = /^ {2}- (\S+) \[(.+)\]$/.exec(line) ?? [];
      return name === undefined || revisions === undefined ? [] : [{ name, revisions: revisions.split(",") }];
    });

/** What a scenario found out about one requirement. */
export interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

/**
 * Runs one scenario against a server. Returns its checks.
 * @param revision the revision to speak. Undefined: the newest that the scenario is for
 * @throws Error with the suite's output if it wrote no checks, or took too long
 */
export async function runScenario(
  suite: Suite,
  { url, name, revision }: { url: string; name: string; revision?: string },
): Promise<Check[]> {
  const results = mkdtempSync(path.join(tmpdir(), "tollfree-conformance-"));
  const version = revision === undefined ? [] : ["--spec-version", revision];
  const args = [programOf(suite), "server", "--url", url, "--scenario", name, ...version, "-o", results];
  try {
    // A scenario that fails exits with 1. What failed stands in its checks.
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { timeout: MOST_MS_OF_SCENARIO }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
    const [folder] = readdirSync(results);
    if (folder === undefined) throw new Error(`${name} wrote no checks:\n${output}`);
    return JSON.parse(readFileSync(path.join(results, folder, "checks.json"), "utf8")) as Check[];
  } finally {
    rmSync(results, { recursive: true });
  }
}
