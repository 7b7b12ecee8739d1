import { FairQueue } from "../../core/protocol/fair-queue.ts";
import { ComputeThread } from "../../platform/compute-thread.ts";

/** The compiled server has the program in a folder below its own file, the sources beside this one. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "./program.ts" : "./app/compute/program.js",
  import.meta.url,
);

/** One thread computes. A caller may have as many tasks waiting as an agent sends at once in earnest. */
const LIMITS = { atOnce: 1, atOnceOfCaller: 1, waitingOfCaller: 10, waitingOfKind: 200 };

export const startCompute = (): ComputeThread =>
  new ComputeThread(PROGRAM, new FairQueue("large requests", LIMITS));
