/**
 * A payment's state. `reserved → signed → sent → settled / canceled / expired`, with `unknown` (no answer)
 * and `refused` (the upstream refused the call) after `sent`. A payment that was never signed ends as `void`.
 * `free` asked for no money.
 */
export type PaymentStatus =
  | "reserved"
  | "signed"
  | "sent"
  | "unknown"
  | "refused"
  | "settled"
  | "expired"
  | "canceled"
  | "void"
  | "free";

/** Open states after signing: only the chain decides what comes next. */
export const OPEN_AFTER_SIGNING = ["signed", "sent", "unknown", "refused"] as const satisfies PaymentStatus[];

/** States in which a payment still holds its reservation. */
export const OPEN_STATUSES: readonly PaymentStatus[] = ["reserved", ...OPEN_AFTER_SIGNING];

export const isOpen = ({ status }: { status: PaymentStatus }): boolean => OPEN_STATUSES.includes(status);

/** Why a paid request delivered nothing. `refused`: the upstream answered with something else than a success. */
export type FailureKind = "timeout" | "cut" | "blocked" | "refused";

/**
 * SQL condition on a payment: a sponsor's trial of its own service. It has a sponsor, and nobody for whom it is made. It counts
 * neither for nor against the service, so that nobody can buy a better rank for a service of their own.
 * @param p the payment's row
 */
export const isTrial = (p: string): string => `(${p}.sponsor_id IS NOT NULL AND ${p}.grant_id IS NULL)`;
