import { finishStop } from "../../core/access/grant/index.ts";
import type { Deps } from "../../core/context.ts";
import type { Job } from "./run-job.ts";

/** Ends the sessions of agents that were stopped, once it can't be undone. They are refused whether this has run or not. */
export const finishStops = (deps: Deps): Job => ({
  everyMs: 5_000,
  async run() {
    while (await finishStop(deps));
  },
  failure: { event: "finish_stops_failed", message: "the sessions of stopped agents weren't ended" },
});
