import type { Deps } from "../../core/context.ts";
import { CHECKS, keepFindings, readLastFindings, verifyLedger } from "../../core/money/ledger/index.ts";
import type { Job } from "./run-job.ts";

/** The longest period. `npm run ledger:verify` verifies all payments. */
const MOST_SECONDS = 2 * 86_400;
/** So far before the last comparison a payment may have been made that wasn't decided then: far longer than a signature is valid. */
const OVERLAP_SECONDS = 3_600;

/** What wasn't compared yet, also by other replicas. As long as something is wrong, two days, so that it isn't forgotten. */
async function secondsToVerify(sql: Deps["sql"]): Promise<number> {
  const last = await readLastFindings(sql);
  if (last === undefined || last.total > 0) return MOST_SECONDS;
  const seconds = Math.ceil((Date.now() - last.proved_at.getTime()) / 1_000);
  return Math.min(seconds + OVERLAP_SECONDS, MOST_SECONDS);
}

/**
 * Verifies the books against themselves, and what was paid since the last time against the chain.
 * @param showFindings gets the number of findings of each check, for the metrics
 */
export const verifyLedgerSinceLastProof = (
  deps: Deps,
  showFindings: (counts: Record<string, number>) => void,
): Job => ({
  everyMs: 10 * 60_000,
  async run() {
    const { findings } = await verifyLedger(deps, await secondsToVerify(deps.sql));
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
