import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AuditEntry, AuditLog } from "../../core/observability/audit/index.ts";
import type { Gauges } from "../../core/observability/gauges/index.ts";
import type { Log } from "../../core/ports/log.ts";
import type { Meter, RequestMetric } from "../../core/ports/meter.ts";
import type { RateLimiter } from "../../core/ports/rate-limiter.ts";
import { createDatabaseGauges } from "./database-gauges.ts";

export interface Metrics extends Meter {
  /** Returns a log that also counts the `event` of every line. */
  watchLog(log: Log): Log;
  /** Returns a limiter that also counts every take. */
  watchLimiter(limiter: RateLimiter): RateLimiter;
  /** Returns an audit log that also measures how long rows take and how many wait. */
  watchAudit<Audit extends Pick<AuditLog, "append">>(audit: Audit): Audit;
  /** Shows the number of findings of the last ledger verification, by check. */
  showLedger: (counts: Record<string, number>) => void;
  /** Counts an attempt to send an event to a webhook. */
  countWebhook: (outcome: string) => void;
  /** Shows whether a dependency is there. */
  showDependency: (dependency: string, isUp: boolean) => void;
  /** Shows how many pages of the console are open. Calls `count` at each scrape. */
  watchStreams(count: () => number): void;
  /**
   * Shows how often Redis was lost, and how many takes PostgreSQL counted instead. Reads `totals` at each
   * scrape. Both are 0 where this isn't called, without Redis.
   */
  watchInsurance(totals: { lost: number; insuredTakes: number }): void;
}

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const AUDIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/**
 * Events that docs/alerts.yml watches. They are shown as 0 from the start, since Prometheus sees no increase in a series
 * that begins with 1.
 */
const WATCHED_EVENTS = [
  "payment_unexplained",
  "incoming_unexplained",
  "payout_unexplained",
  "reconciler_failed",
  "rate_limits_lost",
  "session_suspended",
];

/**
 * Metrics of the process: memory, CPU, event loop lag, garbage collection. All servers in one process share
 * them.
 */
let processRegistry: Registry | undefined;
function processMetrics(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** Keeps what `make` finds for labels, by a key made of them. */
function seriesOf<Labels, Series>(make: (labels: Labels) => Series): (key: string, labels: Labels) => Series {
  const series = new Map<string, Series>();
  return (key, labels) => {
    let found = series.get(key);
    if (found === undefined) series.set(key, (found = make(labels)));
    return found;
  };
}

/**
 * Creates a server's metrics in their own registry.
 * @param readGauges reads the figures that come from the database
 * @param onFailure called if `readGauges` fails; the scrape then leaves those figures out
 */
export function createMetrics(
  readGauges: () => Promise<Gauges>,
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
    help: "Seconds from receiving the request's headers to its response",
    labelNames: ["surface", "operation"],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const events = new Counter({
    name: "tollfree_events_total",
    help: "Log events by name: sessions opened, suspended, revoked, expired; violations; approvals; failures of jobs",
    labelNames: ["event"],
    registers,
  });
  for (const event of WATCHED_EVENTS) events.inc({ event }, 0);
  const takes = new Counter({
    name: "tollfree_rate_limit_takes_total",
    help: "Calls counted against a limit, and whether they were within it",
    labelNames: ["rule", "result"],
    registers,
  });
  const auditSeconds = new Histogram({
    name: "tollfree_audit_seconds",
    help: "Seconds that a response waited for its audit row to be durable",
    buckets: AUDIT_BUCKETS,
    registers,
  });
  const auditWaiting = new Gauge({
    name: "tollfree_audit_waiting",
    help: "Responses waiting for their audit row",
    registers,
  });
  const auditFailures = new Counter({
    name: "tollfree_audit_failures_total",
    help: "Calls refused because they couldn't be audited",
    registers,
  });
  const webhooks = new Counter({
    name: "tollfree_webhook_attempts_total",
    help: "Attempts to send events to webhooks: delivered, or why not",
    labelNames: ["outcome"],
    registers,
  });
  const ledger = new Gauge({
    name: "tollfree_ledger_findings",
    help: "Findings of the last ledger verification; 0 for each check that passed",
    labelNames: ["check"],
    registers,
  });
  const dependencies = new Gauge({
    name: "tollfree_dependency_up",
    help: "1 while the database, the chain or the facilitator answers, 0 while it doesn't",
    labelNames: ["dependency"],
    registers,
  });
  let insurance = { lost: 0, insuredTakes: 0 };
  new Counter({
    name: "tollfree_rate_limit_redis_losses_total",
    help: "How often Redis was lost and PostgreSQL took over",
    registers,
    collect() {
      this.reset();
      this.inc(insurance.lost);
    },
  });
  new Counter({
    name: "tollfree_rate_limit_insured_takes_total",
    help: "Calls that PostgreSQL counted while Redis was down",
    registers,
    collect() {
      this.reset();
      this.inc(insurance.insuredTakes);
    },
  });
  let countStreams = (): number => 0;
  new Gauge({
    name: "tollfree_console_streams",
    help: "Pages of the console that are told what changes",
    registers,
    collect() {
      this.set(countStreams());
    },
  });
  const databaseGauges = createDatabaseGauges(registers);

  // Finding a series by its labels takes longer than counting. There are some thousands at most.
  const requestSeries = seriesOf((labels: Omit<RequestMetric, "seconds">) => {
    const { surface, operation, transport, status, errorCode } = labels;
    return {
      count: requests.labels({ surface, operation, transport, status, error_code: errorCode ?? "" }),
      latency: latency.labels({ surface, operation }),
    };
  });
  const takeSeries = seriesOf((labels: { rule: string; allowed: boolean }) =>
    takes.labels({ rule: labels.rule, result: labels.allowed ? "allowed" : "refused" }),
  );

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    countRequest(request) {
      const { surface, operation, transport, status, errorCode = "", seconds } = request;
      const series = requestSeries(`${surface} ${operation} ${transport} ${status} ${errorCode}`, request);
      series.count.inc();
      series.latency.observe(seconds);
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
        const { allowed } = take;
        takeSeries(`${rule.name} ${allowed}`, { rule: rule.name, allowed }).inc();
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
    watchStreams(count) {
      countStreams = count;
    },
    watchInsurance(totals) {
      insurance = totals;
    },
    countWebhook: (outcome) => webhooks.inc({ outcome }),
    showDependency: (dependency, isUp) => dependencies.set({ dependency }, isUp ? 1 : 0),
    async scrape() {
      try {
        databaseGauges.set(await readGauges());
      } catch (error) {
        databaseGauges.clear();
        onFailure(error);
      }
      return Registry.merge([...registers, processMetrics()]).metrics();
    },
  };
}
