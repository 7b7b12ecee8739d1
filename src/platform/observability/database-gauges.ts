import type { Registry } from "prom-client";
import { Gauge } from "prom-client";
import type { Gauges } from "../../core/observability/gauges/index.ts";

/**
 * Creates the gauges that are read from the database. Every replica shows the same values, so dashboards must
 * take the maximum over replicas and not the sum.
 */
export function createDatabaseGauges(registers: Registry[]): { set(values: Gauges): void; clear(): void } {
  const createGauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers });
  const sessions = createGauge("tollfree_sessions", "Sessions that haven't ended", ["surface", "state"]);
  const payments = createGauge("tollfree_open_payments", "Payments without a final status", ["status"]);
  const oldest = createGauge(
    "tollfree_oldest_open_payment_seconds",
    "Age of the oldest payment without a final status",
    ["status"],
  );
  const budgets = createGauge(
    "tollfree_budget_micros",
    "Budgets that sponsors funded: limit, reserved, spent",
    ["kind", "part"],
  );
  const approvals = createGauge("tollfree_open_approvals", "Approvals that wait for their user", ["kind"]);
  const paused = createGauge("tollfree_payments_paused", "1 while the administrator has paused payments", []);
  const webhooks = createGauge("tollfree_webhooks_due", "Events that are due for a webhook", []);
  const oldestWebhook = createGauge(
    "tollfree_oldest_due_webhook_seconds",
    "For how long the oldest due event has waited for its webhook",
    [],
  );
  const monthsAhead = createGauge(
    "tollfree_audit_months_ahead",
    "Months after this one that have a partition of the audit log",
    [],
  );
  const all = [sessions, payments, oldest, budgets, approvals, paused, webhooks, oldestWebhook, monthsAhead];
  const clear = (): void => all.forEach((gauge) => gauge.reset());
  return {
    clear,
    set(values) {
      clear();
      for (const { surface, state, count } of values.sessions) sessions.set({ surface, state }, count);
      for (const { status, count, oldest_seconds } of values.openPayments) {
        payments.set({ status }, count);
        oldest.set({ status }, oldest_seconds);
      }
      for (const { kind, ...parts } of values.budgets) {
        for (const part of ["limit", "reserved", "spent"] as const)
          budgets.set({ kind, part }, Number(parts[part]));
      }
      paused.set(values.paymentsPaused ? 1 : 0);
      webhooks.set(values.dueWebhooks.count);
      oldestWebhook.set(values.dueWebhooks.oldest_seconds);
      monthsAhead.set(values.auditMonthsAhead);
      for (const { kind, count } of values.openApprovals) approvals.set({ kind }, count);
    },
  };
}
