import type { z } from "zod";
import { microsToCents } from "../../protocol/amounts.ts";
import type { Budget } from "../../protocol/fields.ts";
import type { Account } from "./store.ts";

/** How close to its end a budget is. */
export const BUDGET_STATES = ["empty", "ok", "at_80", "at_95", "used_up"] as const;
type BudgetState = (typeof BUDGET_STATES)[number];

/**
 * How much of a budget is spent or reserved: from 80 and from 95 percent on, its owner is warned. `empty`: no money has arrived, or
 * all of it was withdrawn.
 */
export function budgetState({ limit, reserved, spent }: Omit<Account, "id">): BudgetState {
  const used = reserved + spent;
  if (limit === 0n) return "empty";
  if (used >= limit) return "used_up";
  if (used * 100n >= limit * 95n) return "at_95";
  return used * 100n >= limit * 80n ? "at_80" : "ok";
}

/** An account (micros) as a response shows it (cents). */
export function toWire({ limit, reserved, spent }: Omit<Account, "id">): z.infer<typeof Budget> {
  return {
    limit_cents: microsToCents(limit),
    spent_cents: microsToCents(spent),
    reserved_cents: microsToCents(reserved),
    remaining_cents: microsToCents(limit - reserved - spent),
  };
}
