import { SetupProblem } from "../../platform/setup-problem.ts";

/** One thing that an installation needs. */
export interface Check {
  name: string;
  /** Checks that must have passed for this one to make sense. */
  needs?: string[];
  /** @returns what was found @throws Error if there is a problem; its message says what to do */
  run: () => Promise<string> | string;
}

export type Outcome = "ok" | "problem" | "skipped";

/**
 * Runs checks one after the other, and prints one line for each.
 * @returns the outcome of each, by name
 */
export async function runChecks(
  checks: readonly Check[],
  print: (line: string) => void,
): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  for (const { name, needs = [], run } of checks) {
    const missing = needs.filter((need) => outcomes[need] !== "ok");
    if (missing.length > 0) {
      outcomes[name] = "skipped";
      print(`-        ${name}: not checked, because of: ${missing.join(", ")}`);
      continue;
    }
    try {
      print(`ok       ${name}: ${await run()}`);
      outcomes[name] = "ok";
    } catch (error) {
      outcomes[name] = "problem";
      print(`PROBLEM  ${name}: ${describeProblem(error)}`);
    }
  }
  return outcomes;
}

/** Only our own messages are known to be one line without secrets. Of others, the first line is shown. */
function describeProblem(error: unknown): string {
  if (error instanceof SetupProblem) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, " ").slice(0, 500);
}
