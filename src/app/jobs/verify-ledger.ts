import type { Deps } from "../../core/context.ts";
import { CHECKS, keepFindings, verifyLedger } from "../../core/money/ledger/index.ts";
import type { Job } from "./run-job.ts";

/** Older payments were verified by earlier rounds. `npm run ledger:verify` verifies all of them. */
const SINCE_SECONDS = 2 * 86_400;

/**
 * Verifies the books of the last two days against themselves and the chain.
 * @param showFindings gets the number of findings of each check, for the metrics
 */
export const verifyLedgerOfLastDays = (
  deps: Deps,
  showFindings: (counts: Record<string, number>) => void,
): Job => ({
  everyMs: 10 * 60_000,
  async run() {
    const { findings } = await verifyLedger(deps, SINCE_SECONDS);
    const countOf = (name: string): number => findings.filter(({ check }) => check === name).length;
    await keepFindings(deps.sql, findings);
    showFindings(Object.fromEntries(Object.keys(CHECKS).map((check) => [check, countOf(check)])));
    for (const { check, detail } of findings)
      deps.log.error(
        { event: "ledger_wrong", check, detail },
        "the books contradict themselves or the chain",
      );
  },
  failure: {
    event: "ledger_unproved",
    message: "the books couldn't be compared with the chain",
    level: "warn",
  },
});
