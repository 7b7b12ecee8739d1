import type { MintedToken } from "../../access/credential/index.ts";
import type { SponsorActor } from "../../context.ts";
import type { Database, Queries } from "../../ports/database.ts";

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
    SELECT sponsor_id FROM sponsor_api_keys WHERE key_hash = ${keyHash} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
  const row = rows[0];
  return row && { kind: "sponsor", sponsorId: row.sponsor_id };
}

export async function sponsorExists(db: Queries, id: string): Promise<boolean> {
  return (await db.sponsor.count({ where: { id } })) === 1;
}

/**
 * Adds a key to a sponsor, and limits older keys to the overlap. The sponsor is locked first, so that of two
 * rotations at once the later one also limits the key of the earlier one. Returns undefined if there is no
 * such sponsor.
 */
export async function rotateKey(
  db: Database,
  sponsorId: string,
  key: MintedToken,
  overlapSeconds: number,
): Promise<{ id: string; previous_end_at: Date } | undefined> {
  return db.$transaction(async (tx) => {
    const known = await tx.$queryRaw<
      unknown[]
    >`SELECT 1 FROM sponsors WHERE id = ${sponsorId}::uuid FOR UPDATE`;
    if (known.length === 0) return undefined;
    await tx.$executeRaw`
      UPDATE sponsor_api_keys SET expires_at = least(expires_at, now() + make_interval(secs => ${overlapSeconds}::int))
       WHERE sponsor_id = ${sponsorId}::uuid AND revoked_at IS NULL`;
    const rows = await tx.$queryRaw<{ id: string; previous_end_at: Date }[]>`
      INSERT INTO sponsor_api_keys (sponsor_id, key_hash, hint) VALUES (${sponsorId}::uuid, ${key.hash}, ${key.hint})
      RETURNING id, now() + make_interval(secs => ${overlapSeconds}::int) AS previous_end_at`;
    return rows[0];
  });
}

/** The address that a sponsor's withdrawals are paid to. */
export async function findWallet(db: Queries, sponsorId: string): Promise<string | undefined> {
  const sponsor = await db.sponsor.findUnique({ where: { id: sponsorId }, select: { walletAddress: true } });
  return sponsor?.walletAddress ?? undefined;
}
