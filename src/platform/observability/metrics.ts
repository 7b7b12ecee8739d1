import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AuditEntry, AuditLog } from "../../core/observability/audit/index.ts";
import type { Gauges } from "../../core/observability/gauges/index.ts";
import type { Log } from "../../core/ports/log.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { RateLimiter } from "../../core/ports/rate-limiter.ts";

export interface Metrics extends Meter {
  /** The same log, with every line's `event` counted. */
  watchLog(log: Log): Log;
  /** The same limiter, with every take counted. */
  watchLimiter(limiter: RateLimiter): RateLimiter;
  /** The same audit log, with the time it takes and how many wait. */
  watchAudit<Audit extends AuditLog>(audit: Audit): Audit;
  /** Shows how much the last proof of the books found wrong, by check. */
  showLedger: (counts: Record<string, number>) => void;
  /** Tells the totals of a Redis that PostgreSQL stands in for. */
  watchInsurance(totals: { lost: number; insuredTakes: number }): void;
}

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const AUDIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The process's own: memory, CPU, event-loop lag, garbage collection. One set, however many servers are in it. */
let processRegistry: Registry | undefined;
function processMetrics(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** The server's metrics, in a registry of its own. */
export function createMetrics(
  readVitals: () => Promise<Gauges>,
  onFailure: (error: unknown) => void,
): Metrics {
  const registers = [new Registry()];
  const requests = new Counter({
    name: "tollfree_requests_total",
    help: "Requests answered",
    labelNames: ["surface", "operation", "transport", "status", "error_code"],
    registers,
  });
  const latency = new Histogram({
    name: "tollfree_request_seconds",
    help: "From the request's headers to its answer",
    labelNames: ["surface", "operation"],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const events = new Counter({
    name: "tollfree_events_total",
    help: "Log events by name: sessions opened, suspended, revoked, expired; violations; approvals; failures of rounds",
    labelNames: ["event"],
    registers,
  });
  const takes = new Counter({
    name: "tollfree_rate_limit_takes_total",
    help: "Calls counted against a limit, and whether they were within it",
    labelNames: ["rule", "result"],
    registers,
  });
  const auditSeconds = new Histogram({
    name: "tollfree_audit_seconds",
    help: "How long an answer waited for its audit row to be durable",
    buckets: AUDIT_BUCKETS,
    registers,
  });
  const auditWaiting = new Gauge({
    name: "tollfree_audit_waiting",
    help: "Answers waiting for their audit row",
    registers,
  });
  const auditFailures = new Counter({
    name: "tollfree_audit_failures_total",
    help: "Calls refused because they couldn't be audited",
    registers,
  });
  const ledger = new Gauge({
    name: "tollfree_ledger_findings",
    help: "What the last proof of the books found wrong; 0 for each check that held",
    labelNames: ["check"],
    registers,
  });
  const vitals = createVitalGauges(registers);

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    countRequest({ surface, operation, transport, status, errorCode, seconds }) {
      requests.inc({ surface, operation, transport, status, error_code: errorCode ?? "" });
      latency.observe({ surface, operation }, seconds);
    },
    watchLog(log) {
      const watch =
        (level: keyof Log): Log[keyof Log] =>
        (fields, message) => {
          if (typeof fields["event"] === "string") events.inc({ event: fields["event"] });
          log[level](fields, message);
        };
      return { info: watch("info"), warn: watch("warn"), error: watch("error") };
    },
    watchLimiter: (limiter) => ({
      async take(rule, key) {
        const take = await limiter.take(rule, key);
        takes.inc({ rule: rule.name, result: take.allowed ? "allowed" : "refused" });
        return take;
      },
    }),
    watchAudit: (audit) => ({
      ...audit,
      async append(entry: AuditEntry) {
        const end = auditSeconds.startTimer();
        auditWaiting.inc();
        try {
          await audit.append(entry);
          end();
        } catch (error) {
          auditFailures.inc();
          throw error;
        } finally {
          auditWaiting.dec();
        }
      },
    }),
    showLedger(counts) {
      for (const [check, count] of Object.entries(counts)) ledger.set({ check }, count);
    },
    watchInsurance(totals) {
      new Counter({
        name: "tollfree_rate_limit_redis_losses_total",
        help: "How often Redis was lost and PostgreSQL took over",
        registers,
        collect() {
          this.reset();
          this.inc(totals.lost);
        },
      });
      new Counter({
        name: "tollfree_rate_limit_insured_takes_total",
        help: "Calls that PostgreSQL counted while Redis was away",
        registers,
        collect() {
          this.reset();
          this.inc(totals.insuredTakes);
        },
      });
    },
    // Where the database doesn't answer, what it would tell is left out.
    async scrape() {
      try {
        vitals.set(await readVitals());
      } catch (error) {
        vitals.clear();
        onFailure(error);
      }
      return Registry.merge([...registers, processMetrics()]).metrics();
    },
  };
}

/** What the database tells, the same on every replica: take their maximum, not their sum. */
function createVitalGauges(registers: Registry[]): { set(vitals: Gauges): void; clear(): void } {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers });
  const sessions = gauge("tollfree_sessions", "Sessions that haven't ended", ["surface", "state"]);
  const payments = gauge("tollfree_open_payments", "Payments that aren't decided yet", ["status"]);
  const oldest = gauge("tollfree_oldest_open_payment_seconds", "Age of the oldest of them", ["status"]);
  const budgets = gauge("tollfree_budget_micros", "What sponsors funded: limit, reserved, spent", [
    "kind",
    "part",
  ]);
  const approvals = gauge("tollfree_open_approvals", "Questions that wait for their user", ["kind"]);
  const paused = gauge("tollfree_payments_paused", "1 while the operator has switched payments off", []);
  const all = [sessions, payments, oldest, budgets, approvals, paused];
  const clear = (): void => all.forEach((one) => one.reset());
  return {
    clear,
    set(vitals) {
      clear();
      for (const { surface, state, count } of vitals.sessions)
        sessions.set({ surface, state }, Number(count));
      for (const { status, count, oldest_seconds } of vitals.openPayments) {
        payments.set({ status }, Number(count));
        oldest.set({ status }, oldest_seconds);
      }
      for (const { kind, ...parts } of vitals.budgets) {
        for (const part of ["limit", "reserved", "spent"] as const)
          budgets.set({ kind, part }, Number(parts[part]));
      }
      paused.set(vitals.paymentsPaused ? 1 : 0);
      for (const { kind, count } of vitals.openApprovals) approvals.set({ kind }, Number(count));
    },
  };
}
