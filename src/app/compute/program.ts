import { SCHEMA_TASKS } from "../../core/personal-data/data-schema/index.ts";
import { OUTPUT_TASKS } from "../../core/money/payment/index.ts";
import type { SentTask } from "../../core/ports/compute.ts";
import { DESCRIPTION_TASKS } from "../../core/sponsorship/api-description/index.ts";
import { argsOf } from "../../core/ports/compute.ts";

/** What the compute thread can do. */
const TASKS: Record<string, (...args: never[]) => unknown> = {
  ...SCHEMA_TASKS,
  ...OUTPUT_TASKS,
  ...DESCRIPTION_TASKS,
};

/** Runs one task in the compute thread. */
export function runTask(sent: SentTask): unknown {
  const task = TASKS[sent.name];
  if (task === undefined) throw new Error(`there is no task ${sent.name}`);
  // They came from another thread, where the types of the verbs and of `decodeOutput` checked them.
  return task(...(argsOf(sent) as never[]));
}
