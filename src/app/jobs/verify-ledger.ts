import type { Deps } from "../../core/context.ts";
import { CHECKS, verifyLedger } from "../../core/money/ledger/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

const EVERY_MS = 10 * 60_000;
/** Older payments were proved before; `npm run ledger:verify` proves all of them. */
const SINCE_SECONDS = 2 * 86_400;

/** Proves the books of the last days against themselves and the chain, at once and then every few minutes. */
export const startLedgerRound = (deps: Deps, show: (counts: Record<string, number>) => void): Rounds =>
  startRounds(
    EVERY_MS,
    async () => {
      const { findings } = await verifyLedger(deps, SINCE_SECONDS);
      const countOf = (check: string): number => findings.filter((one) => one.check === check).length;
      show(Object.fromEntries(Object.keys(CHECKS).map((check) => [check, countOf(check)])));
      for (const { check, detail } of findings)
        deps.log.error(
          { event: "ledger_wrong", check, detail },
          "the books contradict themselves or the chain",
        );
    },
    (error) => {
      deps.log.warn(
        { event: "ledger_unproved", err: error },
        "the books couldn't be compared with the chain",
      );
    },
  );
