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
    SELECT sponsor_id FROM sponsor_api_keys WHERE key_hash = ${keyHash} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
  const row = rows[0];
  return row && { kind: "sponsor", sponsorId: row.sponsor_id };
}

export async function sponsorExists(db: Queries, id: string): Promise<boolean> {
  return (await db.sponsor.count({ where: { id } })) === 1;
}

/** Adds a key to a sponsor, and sets an end to those before it. */
export async function rotateKey(
  db: Queries,
  sponsorId: string,
  key: MintedToken,
  overlapSeconds: number,
): Promise<{ id: string; previous_end_at: Date } | undefined> {
  const rows = await db.$queryRaw<{ id: string; previous_end_at: Date }[]>`
    WITH sponsor AS (
      SELECT id, now() + make_interval(secs => ${overlapSeconds}::int) AS previous_end_at
        FROM sponsors WHERE id = ${sponsorId}::uuid FOR UPDATE
    ), previous AS (
      UPDATE sponsor_api_keys k SET expires_at = least(k.expires_at, sponsor.previous_end_at)
        FROM sponsor WHERE k.sponsor_id = sponsor.id AND k.revoked_at IS NULL
    )
    INSERT INTO sponsor_api_keys (sponsor_id, key_hash, hint)
    SELECT sponsor.id, ${key.hash}, ${key.hint} FROM sponsor
    RETURNING id, (SELECT previous_end_at FROM sponsor) AS previous_end_at`;
  return rows[0];
}
