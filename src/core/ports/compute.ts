/** A pure function's name and arguments. The arguments and the result are JSON values. */
export interface ComputeTask {
  name: string;
  args: readonly unknown[];
}

export interface ComputeOptions {
  /** The task goes before those that aren't, though not twice in a row, and isn't refused: for what was paid. */
  isUrgent?: boolean;
}

/** Computes outside of the thread that answers requests, so that long computing delays no other request. */
export interface Compute {
  /**
   * Runs a task when it is the caller's turn.
   * @param caller a key for whom the task is done
   * @throws TookTooLong if the task was given up; `rate_limited` if too many tasks of the caller wait;
   *   `service_unavailable` if too many tasks of such callers wait; what the task's function throws, as an Error with its message
   */
  run(caller: string, task: ComputeTask, options?: ComputeOptions): Promise<unknown>;
}

/** A task that ran longer than any task should. */
export class TookTooLong extends Error {
  override readonly name = "TookTooLong";
}
