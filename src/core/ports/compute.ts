/** A pure function's name and arguments. The arguments and the result are JSON values. */
export interface ComputeTask {
  name: string;
  args: readonly unknown[];
}

/** A task as it goes to another thread. `json`: its arguments. */
export type SentTask = ComputeTask | { name: string; json: string };

/** Texts are copied at once. Anything else goes as JSON: copying 100,000 values takes several times as long as writing them. */
export const toSend = ({ name, args }: ComputeTask): SentTask =>
  args.every((arg) => typeof arg === "string") ? { name, args } : { name, json: JSON.stringify(args) };

/** The arguments of a task that was sent. */
export const argsOf = (sent: SentTask): ComputeTask["args"] =>
  "json" in sent ? (JSON.parse(sent.json) as unknown[]) : sent.args;

export interface ComputeOptions {
  /** The task goes before those that aren't, though not twice in a row, and isn't refused: for what was paid. */
  isUrgent?: boolean;
  /** When the task is given up, in milliseconds of its own time. Default: later than any task that is checked beforehand. */
  giveUpAfterMs?: number;
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
