import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { ListSponsorsInput, ListSponsorsOutput } from "./schema.ts";
import { searchSponsors } from "./store.ts";

/** Lists sponsors, newest first. `q` looks in their names. */
export async function listSponsors(
  { db }: Pick<Deps, "db">,
  { q, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListSponsorsInput>,
): Promise<z.infer<typeof ListSponsorsOutput>> {
  const [sponsors, total] = await searchSponsors(db, q, { offset, limit });
  return {
    sponsors: sponsors.map((sponsor) => ({
      sponsor_id: sponsor.id,
      name: sponsor.name,
      wallet_address: sponsor.walletAddress,
      sponsored_apis: sponsor._count.sponsoredApis,
      campaigns: sponsor._count.campaigns,
      created_at: sponsor.createdAt.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
  };
}
