/**
 * In the code, money is a `bigint` of micros: 1 USD = 1,000,000 micros, and 1 micro = 1 base unit of USDC.
 * On the wire, fields that end in `_cents` are JSON numbers with at most four decimals: 1 cent = 10,000 micros.
 * Only this module converts between the two.
 */

const MICROS_PER_CENT = 10_000;

/**
 * Largest amount accepted on the wire: 10 million dollars. A double still holds it exactly, with four decimals.
 */
export const MAX_CENTS = 1_000_000_000;

/** Returns whether a number is an amount in cents: from 0 to `MAX_CENTS`, with at most four decimals. */
export function isCents(value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= MAX_CENTS && Number(value.toFixed(4)) === value;
}

/**
 * Converts cents from the wire to micros.
 *
 * @example centsToMicros(0.01) // 100n
 * @throws RangeError if `isCents` is false. The schemas refuse such input before.
 */
export function centsToMicros(cents: number): bigint {
  if (!isCents(cents)) throw new RangeError(`not an amount in cents: ${cents}`);
  return BigInt(cents.toFixed(4).replace(".", ""));
}

/**
 * Converts micros to cents for the wire.
 *
 * @example microsToCents(100n) // 0.01
 */
export function microsToCents(micros: bigint): number {
  return Number(micros) / MICROS_PER_CENT;
}
