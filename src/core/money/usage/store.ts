import type { Queries } from "../../ports/database.ts";
import { OPEN_PAYMENT } from "../payment/index.ts";

export interface SponsorSum {
  sponsor: string;
  calls: bigint;
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
  return db.$queryRaw<SponsorSum[]>`
    SELECT s.name AS sponsor, count(*) AS calls,
           coalesce(sum(p.amount_micros) FILTER (WHERE p.status = 'settled'), 0)::bigint AS settled,
           coalesce(sum(p.amount_micros) FILTER (WHERE p.status IN ${OPEN_PAYMENT}), 0)::bigint AS pending
      FROM payments p JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.grant_id = ${grantId}::uuid AND p.status NOT IN ('void', 'canceled', 'expired')
     GROUP BY s.id, s.name ORDER BY settled DESC, s.name`;
}
