import type { Queries } from "../../ports/database.ts";

export interface SponsorSum {
  sponsor: string;
  calls: bigint;
  settled: bigint;
  pending: bigint;
}

export async function sumBySponsor(db: Queries, grantId: string): Promise<SponsorSum[]> {
  return db.$queryRaw<SponsorSum[]>`
    SELECT s.name AS sponsor, count(*) AS calls,
           coalesce(sum(p.amount_micros) FILTER (WHERE p.status = 'settled'), 0)::bigint AS settled,
           coalesce(sum(p.amount_micros) FILTER (WHERE p.status IN ('reserved', 'signed', 'sent', 'unknown', 'refused')), 0)::bigint AS pending
      FROM payments p JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.grant_id = ${grantId}::uuid AND p.status NOT IN ('void', 'canceled', 'expired')
     GROUP BY s.id, s.name ORDER BY settled DESC, s.name`;
}
