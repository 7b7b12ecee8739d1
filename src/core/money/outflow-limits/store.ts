import type { PaymentSwitch } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { boolean, nullable, text, timestamp } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

export type Pause = Pick<PaymentSwitch, "paused" | "reason" | "changedAt">;

/** Reads the switch. The table has exactly one row. */
export const readPause = (db: Queries): Promise<Pause> => db.paymentSwitch.findFirstOrThrow();

/**
 * Sets the switch. Waits for signatures in progress (they share its row lock), so nothing is signed after it
 * returns.
 */
export const setPause = statement({
  name: "outflow-limits.set-pause",
  limit: "money",
  params: { paused: boolean, reason: nullable(text) },
  row: { changed_at: timestamp },
  text: "UPDATE payment_switch SET paused = $paused, reason = $reason, changed_at = now() RETURNING changed_at",
});

/** SQL condition: payments aren't paused. Locks the switch (shared) until the surrounding transaction commits. */
export const PAYMENTS_UNPAUSED =
  "EXISTS (SELECT FROM (SELECT paused FROM payment_switch FOR SHARE) switch WHERE NOT paused)";
