import type { SponsorActor } from "../context.ts";
import type { MintedToken } from "../credential/index.ts";
import type { Queries } from "../ports.ts";

export async function insertSponsor(
  db: Queries,
  sponsor: { name: string; walletAddress: string | null },
  key: MintedToken,
): Promise<{ id: string }> {
  return db.sponsor.create({
    data: { ...sponsor, apiKeys: { create: { keyHash: key.hash, hint: key.hint } } },
    select: { id: true },
  });
}

export async function findSponsorByKey(db: Queries, keyHash: Uint8Array): Promise<SponsorActor | undefined> {
  const rows = await db.$queryRaw<{ sponsor_id: string }[]>`
    SELECT sponsor_id FROM sponsor_api_keys WHERE key_hash = ${keyHash} AND revoked_at IS NULL`;
  const row = rows[0];
  return row && { kind: "sponsor", sponsorId: row.sponsor_id };
}

export async function sponsorExists(db: Queries, id: string): Promise<boolean> {
  return (await db.sponsor.count({ where: { id } })) === 1;
}
