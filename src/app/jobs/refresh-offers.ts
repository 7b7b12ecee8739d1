import type { Deps } from "../../core/context.ts";
import { refreshChangedBudgets, repairSlice } from "../../core/sponsorship/offer/index.ts";
import type { Job } from "./run-job.ts";

/** Lets services be found early or late as money reaches or leaves their budgets without a sponsor's call. */
export const refreshOffersOfChangedBudgets = (deps: Deps): Job => ({
  everyMs: 5_000,
  run: () => refreshChangedBudgets(deps),
  failure: {
    event: "offer_refresh_failed",
    message: "offers of changed budgets weren't refreshed",
    level: "warn",
  },
});

/** Compares all services with what search knows of them, a slice a round, and repairs what differs. */
export function repairOffers(deps: Deps): Job {
  let last: string | null = null;
  return {
    everyMs: 10_000,
    async run() {
      last = await repairSlice(deps, last);
    },
    failure: {
      event: "offer_repair_failed",
      message: "offers weren't compared with their services",
      level: "warn",
    },
  };
}
