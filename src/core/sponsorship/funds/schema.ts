import { z } from "zod";
import { BUDGET_STATES } from "../../money/budget/index.ts";
import { Period } from "../dashboard/index.ts";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { Budget, Timestamp } from "../../protocol/fields.ts";

/** Whose budget it is: one of the two is null. */
const owner = {
  campaign_id: z.string().nullable(),
  service_key: z.string().nullable(),
  name: z.string(),
};

export const FundsOutput = z.object({
  wallet_address: z.string().nullable().meta({ description: "Where withdrawals are paid to" }),
  budgets: z.array(
    z.object({
      ...owner,
      budget: Budget,
      state: z.enum(BUDGET_STATES).meta({ description: "at_80, at_95: so much percent is used at least" }),
      is_archived: z.boolean(),
    }),
  ),
});

export const ListDaysInput = Period;
export const ListDaysOutput = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  days: z
    .array(
      z.object({
        day: z.iso.date(),
        paid_in_cents: z.number(),
        runs_cents: z.number().meta({ description: "Paid to services, and fees" }),
        refunds_cents: z.number(),
        withdrawn_cents: z.number(),
      }),
    )
    .meta({
      description:
        "The UTC days on which money moved, the newest first, by the time in the books. All amounts are above 0",
    }),
});

export const ListMovementsInput = z.strictObject(CursorPaging);
export const ListMovementsOutput = z.object({
  movements: z.array(
    z.object({
      movement_id: z.string(),
      ...owner,
      kind: z.enum(["funding", "credit", "payment", "fee", "withdrawal"]),
      amount_cents: z.number().meta({ description: "Below 0: it left the budget" }),
      tx_hash: z
        .string()
        .nullable()
        .meta({ description: "null: booked by the operator, or not yet on chain" }),
      network: z.string().nullable(),
      at: Timestamp,
    }),
  ),
  next_cursor: NextCursor,
});
