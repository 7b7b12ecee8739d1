/**
 * Money is `bigint` micro-dollars (1 USD = 1,000,000 = one USDC base unit each). On the wire, fields ending
 * in `_cents` are JSON numbers with at most four decimals (1 cent = 10,000 micros). Only this module converts.
 */

const MICROS_PER_CENT = 10_000;

/** Largest amount accepted on the wire: 10 million dollars, far inside what a double holds exactly. */
export const MAX_CENTS = 1_000_000_000;

/** Whether a wire amount is a non-negative number of cents with at most four decimals. */
export function isCents(value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= MAX_CENTS && Number(value.toFixed(4)) === value;
}

/**
 * Cents from the wire as micros.
 *
 * @example centsToMicros(0.01) // 100n
 * @throws RangeError if `isCents` doesn't hold; the schemas check it before.
 */
export function centsToMicros(cents: number): bigint {
  if (!isCents(cents)) throw new RangeError(`not an amount in cents: ${cents}`);
  return BigInt(cents.toFixed(4).replace(".", ""));
}

/**
 * Micros as cents for the wire.
 *
 * @example microsToCents(100n) // 0.01
 */
export function microsToCents(micros: bigint): number {
  return Number(micros) / MICROS_PER_CENT;
}
