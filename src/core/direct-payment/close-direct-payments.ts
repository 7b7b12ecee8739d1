import type { Deps } from "../context.ts";
import { oweRefunds } from "../payout/index.ts";
import { bookFees } from "./store.ts";

const MAX_AT_ONCE = 100;

/** Where our payment is decided: books our fee, or owes the buyer their money. Safe at any time, from anywhere. */
export async function closeDirectPayments({ db }: Pick<Deps, "db">): Promise<void> {
  await bookFees(db, MAX_AT_ONCE);
  await oweRefunds(db, MAX_AT_ONCE);
}
