import type { AuditEntry, AuditLog } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";

export interface AuditWriterOptions {
  /** Makes rows durable, all or none. */
  insert: (entries: AuditEntry[]) => Promise<void>;
  /** Rows in one insert. */
  maxBatch?: number;
  /** Rows waiting. More than that means the database doesn't keep up; further calls are refused. */
  maxQueued?: number;
}

export interface AuditWriter extends AuditLog {
  /** Refuses further rows and resolves when those accepted before are durable or refused. */
  close(): Promise<void>;
}

interface Pending {
  entry: AuditEntry;
  resolve: () => void;
  reject: (error: AppError) => void;
}

/**
 * An audit log with group commit: one insert is in flight at a time, and rows that arrive meanwhile go together
 * in the next. A lone call waits for nothing, and a thousand at once cost a handful of statements.
 */
export function createAuditWriter({
  insert,
  maxBatch = 500,
  maxQueued = 10_000,
}: AuditWriterOptions): AuditWriter {
  const queue: Pending[] = [];
  let draining = false;
  let drained = Promise.resolve();
  let closed = false;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      try {
        await insert(batch.map(({ entry }) => entry));
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        for (const { reject } of batch) reject(unavailable(cause));
      }
    }
    draining = false;
  }

  return {
    append(entry) {
      if (closed) return Promise.reject(unavailable(new Error("the audit log is closed")));
      if (queue.length >= maxQueued) return Promise.reject(unavailable(new Error("the audit queue is full")));
      return new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        if (draining) return;
        draining = true;
        drained = drain();
      });
    },
    async close() {
      closed = true;
      await drained;
    },
  };
}

const unavailable = (cause: unknown): AppError =>
  new AppError("service_unavailable", {
    message: "The call can't be audited at the moment, so it isn't answered.",
    cause,
  });
