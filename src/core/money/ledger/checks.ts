/** What the proof claims about the books, in the order in which it is printed. */
export const CHECKS = {
  entries: "funded accounts equal their entries",
  reservations: "every account's reserved and spent amounts equal those of its payments and withdrawals",
  caps: "no account is over its limit",
  spends: "every settled payment has its entry, and every spend entry has its payment",
  deposits: "every incoming payment that settled has its entry, and its transfer on chain",
  payouts: "every payout has its entries, and every closed direct payment has its fee or its refund",
  payments: "every settled payment and payout has its transfer on chain, with the right amount and payee",
  transfers: "every transfer out of the treasury belongs to a payment or a payout",
  coverage: "the treasury's balance covers all unspent budgets and all owed payouts",
} as const;
export type CheckName = keyof typeof CHECKS;

/** A row or a transfer that contradicts a check. */
export interface Finding {
  check: CheckName;
  /** Ids and amounts in micros; nothing personal. */
  detail: string;
}
