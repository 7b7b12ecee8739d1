import { z } from "zod";
import { CHECKS, type CheckName } from "../../money/ledger/index.ts";
import { PaymentSwitch } from "../../money/outflow-limits/index.ts";
import { Cents, Timestamp } from "../../protocol/fields.ts";

const CheckField = z.enum(Object.keys(CHECKS) as [CheckName, ...CheckName[]]);
const Count = z.number().int();

export const OverviewOutput = z.object({
  switch: PaymentSwitch,
  approvals: z.object({
    total: Count,
    oldest_at: Timestamp.nullable(),
    kinds: z.array(z.object({ kind: z.string(), count: Count })),
  }),
  suspended: z.object({
    total: Count,
    agents: z.array(
      z.object({
        grant_id: z.string(),
        agent: z.string().meta({ description: "The agent's name. For whom it acts isn't said" }),
        suspended_at: Timestamp,
        reason: z.string().nullable(),
        live_sessions: Count,
      }),
    ),
  }),
  waiting: z.object({
    longer_than_seconds: Count,
    total: Count,
    payments: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(["payment", "funding", "direct", "refund", "withdrawal"]),
        status: z.string(),
        service_key: z.string().nullable(),
        amount_cents: Cents,
        network: z.string(),
        since: Timestamp,
      }),
    ),
  }),
  ledger: z.object({
    proved_at: Timestamp.nullable().meta({ description: "Null: the books haven't been compared yet" }),
    is_late: z.boolean().meta({ description: "They should have been compared again since" }),
    total: Count,
    findings: z.array(z.object({ check: CheckField, detail: z.string() })),
  }),
  treasury: z.object({
    networks: z.array(
      z.object({
        network: z.string(),
        address: z.string(),
        is_up: z.boolean().meta({ description: "Whether the chain and its facilitator answer" }),
        balance_cents: z.number().nullable().meta({ description: "Null: the chain couldn't be asked" }),
        owed_cents: z.number().meta({ description: "Unspent in budgets, and in payouts under way" }),
      }),
    ),
    day: z
      .object({ limit_cents: z.number(), reserved_cents: z.number(), spent_cents: z.number() })
      .nullable()
      .meta({ description: "What may leave today (UTC), and what did. Null: there is no cap" }),
  }),
  webhooks: z.object({ due: Count, oldest_seconds: z.number() }),
});
