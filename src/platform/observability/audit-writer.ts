import type { AuditEntry, AuditLog } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";

export interface AuditWriterOptions {
  /** Makes all the given rows durable, or none of them. */
  insert: (entries: AuditEntry[]) => Promise<void>;
  /** The most rows in one insert. Default 500. */
  maxBatch?: number;
  /**
   * The most waiting rows. If more arrive, the database is too slow, and further calls are refused. Default
   * 10,000.
   */
  maxQueued?: number;
}

export interface AuditWriter extends Pick<AuditLog, "append"> {
  /** Refuses further rows. Resolves when the rows accepted before are durable or refused. */
  close(): Promise<void>;
}

interface PendingRow {
  entry: AuditEntry;
  resolve: () => void;
  reject: (error: AppError) => void;
}

/**
 * Creates an audit log with group commit. One insert runs at a time, and rows that arrive meanwhile go
 * together into the next insert. So a single call doesn't wait for others, and a thousand calls at once need
 * only a few statements.
 */
export function createAuditWriter({
  insert,
  maxBatch = 500,
  maxQueued = 10_000,
}: AuditWriterOptions): AuditWriter {
  const queue: PendingRow[] = [];
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
    message: "The call can't be audited at the moment, so its result is withheld. Try again later.",
    cause,
  });
