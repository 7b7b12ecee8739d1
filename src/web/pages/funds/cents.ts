/** Reads an amount in dollars, such as "25" or "7.50", as cents. Undefined if it is none. */
export function readDollars(text: string): number | undefined {
  const typed = text.trim().replace(",", ".");
  if (!/^\d{1,7}(\.\d{1,6})?$/.test(typed)) return undefined;
  const cents = Math.round(Number(typed) * 1_000_000) / 10_000;
  return cents > 0 ? cents : undefined;
}
