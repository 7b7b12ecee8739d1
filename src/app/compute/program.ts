import { SCHEMA_TASKS } from "../../core/personal-data/data-schema/index.ts";
import { OUTPUT_TASKS } from "../../core/money/payment/index.ts";
import type { ComputeTask } from "../../core/ports/compute.ts";

/** What the compute thread can do. */
const TASKS: Record<string, (...args: never[]) => unknown> = { ...SCHEMA_TASKS, ...OUTPUT_TASKS };

/** Runs one task in the compute thread. */
export function runTask({ name, args }: ComputeTask): unknown {
  const task = TASKS[name];
  if (task === undefined) throw new Error(`there is no task ${name}`);
  // They came from another thread, where the types of `perform` and of `decodeOutput` checked them.
  return task(...(args as never[]));
}
