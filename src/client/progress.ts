import type { ApprovalRequest, Approvals } from "./approvals.ts";
import type { TaskRequest } from "./tasks.ts";
import type { Payment, Plan } from "./types.ts";

/** What a run is doing. `type` is the discriminator. */
export type ProgressEvent =
  /** The server said what the run needs. */
  | { type: "planned"; service: string; plan: Plan }
  /** An approval is open. The person has to decide. */
  | { type: "approval_opened"; request: ApprovalRequest }
  /** A task is open. The person has to answer. */
  | { type: "task_asked"; request: TaskRequest }
  /** The run is sent. After an approval it is sent again, with the same key. */
  | { type: "run_sent"; service: string; idempotencyKey: string }
  /** The payment is under way, and there is no output yet. */
  | { type: "pending"; service: string; paymentId: string }
  /** The output is there, at a sponsor's expense. */
  | { type: "delivered"; service: string; payment: Payment }
  /** No sponsor pays. `payWith` is asked to pay. */
  | { type: "paying_directly"; service: string }
  /** The output is there. The caller paid for it. */
  | { type: "delivered_directly"; service: string };

/** Is told what a run is doing. What it throws is ignored: watching a run can't break it. */
export type OnProgress = (event: ProgressEvent) => void;

/** Tells each listener, and keeps the run safe from their errors. */
export const reportTo =
  (...listeners: (OnProgress | undefined)[]): OnProgress =>
  (event) => {
    for (const listener of listeners) {
      try {
        listener?.(event);
      } catch {
        // A run that has paid must not fail because a progress bar did.
      }
    }
  };

/** The same approvals. Each question is reported once before it is shown. */
export const reportApprovals = (approvals: Approvals, report: OnProgress): Approvals => ({
  ask: (refusal, signal, onOpened) =>
    approvals.ask(refusal, signal, (request) => {
      report({ type: "approval_opened", request });
      onOpened?.(request);
    }),
});
