import type { z } from "zod";
import { microsToCents } from "../../protocol/amounts.ts";
import type { Budget } from "../../protocol/fields.ts";
import type { Account } from "./store.ts";

/** An account (micros) as a response shows it (cents). */
export function toWire({ limit, reserved, spent }: Omit<Account, "id">): z.infer<typeof Budget> {
  return {
    limit_cents: microsToCents(limit),
    spent_cents: microsToCents(spent),
    reserved_cents: microsToCents(reserved),
    remaining_cents: microsToCents(limit - reserved - spent),
  };
}
