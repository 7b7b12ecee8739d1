import type { Queries } from "../../ports/database.ts";
import { isOpen, type PaymentRow } from "../payment/index.ts";

export interface SponsorSum {
  sponsor: string;
  calls: number;
  /** Micros of settled payments. */
  settled: bigint;
  /** Micros of open payments. */
  pending: bigint;
}

/**
 * Sums a grant's payments by sponsor, the largest settled sum first. Payments that ended without money don't
 * count.
 */
export async function sumBySponsor(db: Queries, grantId: string): Promise<SponsorSum[]> {
  const groups = await db.payment.groupBy({
    by: ["sponsorId", "status"],
    where: { grantId, sponsorId: { not: null }, status: { notIn: ["void", "canceled", "expired"] } },
    _count: true,
    _sum: { amountMicros: true },
  });
  const ids = [...new Set(groups.flatMap(({ sponsorId }) => sponsorId ?? []))];
  const sponsors = await db.sponsor.findMany({
    where: { id: { in: ids } },
    select: { id: true, name: true },
  });
  const sums = sponsors.map(({ id, name }) => {
    const own = groups.filter(({ sponsorId }) => sponsorId === id);
    const sumOf = (counts: (status: PaymentRow["status"]) => boolean): bigint =>
      own
        .filter(({ status }) => counts(status as PaymentRow["status"]))
        .reduce((sum, { _sum }) => sum + (_sum.amountMicros ?? 0n), 0n);
    return {
      sponsor: name,
      calls: own.reduce((sum, { _count }) => sum + _count, 0),
      settled: sumOf((status) => status === "settled"),
      pending: sumOf((status) => isOpen({ status })),
    };
  });
  return sums.sort((a, b) =>
    a.settled === b.settled ? a.sponsor.localeCompare(b.sponsor) : a.settled > b.settled ? -1 : 1,
  );
}
