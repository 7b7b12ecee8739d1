/** What is proved, in the order in which it is told. */
export const CHECKS = {
  entries: "funded accounts equal their entries",
  reservations: "every account's reserved and spent are those of its payments and withdrawals",
  caps: "no account is over its cap",
  spends: "every settled payment has its entry, and every entry its payment",
  deposits: "every payment to us has its entry, and its transfer on chain",
  payouts: "every withdrawal and refund has its entries, and every direct payment one end",
  payments: "every settled payment and payout has its transfer on chain, right amount and payee",
  transfers: "every transfer out of the treasury is a payment's or a payout's",
  coverage: "unspent budgets and what is owed are covered by the treasury's balance",
} as const;
export type CheckName = keyof typeof CHECKS;

export interface Finding {
  check: CheckName;
  /** Ids and amounts in micros; nothing personal. */
  detail: string;
}
