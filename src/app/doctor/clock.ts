import { SetupProblem } from "../../platform/setup-problem.ts";

/** Sessions and grants end by the database's clock, and log lines and retries use ours. */
const MAX_SKEW_MS = 5_000;
/** A chain makes a block every few seconds. Its newest one is a little old, and more so on a slow chain. */
const MAX_BLOCK_AGE_MS = 120_000;

/**
 * Compares another clock with this machine's.
 * @param theirs, ours Unix milliseconds
 * @throws SetupProblem if they differ too much
 */
export function clockCheck(whose: string, theirs: number, ours: number): string {
  const skew = theirs - ours;
  if (Math.abs(skew) <= MAX_SKEW_MS) return `within ${Math.ceil(Math.abs(skew) / 1000)} s of this machine's`;
  throw new SetupProblem("clock", `${whose} is ${describe(skew)} this machine's`, "Set both by NTP");
}

/** The same for the newest block, which may be as old as a block takes. */
export function blockClockCheck(blockTime: number, ours: number): string {
  const skew = blockTime - ours;
  if (skew <= MAX_SKEW_MS && -skew <= MAX_BLOCK_AGE_MS)
    return `the newest block is ${Math.max(0, Math.round(-skew / 1000))} s old`;
  throw new SetupProblem(
    "X402_RPC_URL",
    `the time of the newest block is ${describe(skew)} this machine's`,
    skew > 0
      ? "Set this machine's clock by NTP"
      : "Use an RPC that follows the chain, or set this machine's clock by NTP",
  );
}

const describe = (skew: number): string =>
  `${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? "ahead of" : "behind"}`;
