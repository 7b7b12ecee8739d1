import type { PaymentSubject } from "./payment-subject.ts";

/** A call that asks for a reservation. */
export interface Admission {
  payment: PaymentSubject;
  /** The account that pays: the campaign's, or the sponsored API's own budget. */
  payerAccountId: string;
  sessionAccountId: string;
  /** The grant's account as the caller knows it. */
  grantAccountId: string;
  /** An approved budget: it raises the limits of session and grant by exactly the missing amount. Null: none. */
  approvalId: string | null;
  /** The most micros that may leave the treasury today. Undefined: there is no such cap. */
  dayCapMicros: bigint | undefined;
}

/** What limits a call: the payer's budget, the session, the grant, the user's calls on the campaign, and the day's outflow. */
export type Cap = "payer" | "session" | "grant" | "user_calls" | "day";

/** What a payment reserves in one account: micros, or calls in an account that counts calls. */
export interface Hold {
  cap: Cap;
  accountId: string;
  amount: bigint;
}

export type Refusal =
  /** The operator has paused payments. */
  | { kind: "paused" }
  /** These caps have too little left. Nothing was reserved in any account. */
  | { kind: "insufficient"; caps: Cap[]; dayAccountId: string | undefined }
  /** The undecided payments of this user, or of this sponsor, hold as much as they may. Nothing was reserved. */
  | { kind: "share_held"; by: "user" | "sponsor" }
  /** The user set a limit above which a call needs one more yes, and the call has none. Nothing was reserved. */
  | { kind: "above_rule" }
  /** Another run holds the idempotency key now, or has used the approval. */
  | { kind: "claim_lost" }
  /** The user's completion of the campaign's task doesn't count any more: its consent was withdrawn, or the sponsor rejected it. */
  | { kind: "completion_withdrawn" }
  /** The user has replaced the grant's terms. This account caps the grant now. */
  | { kind: "grant_replaced"; accountId: string };

export type Reservation = { kind: "reserved" } | Refusal;
