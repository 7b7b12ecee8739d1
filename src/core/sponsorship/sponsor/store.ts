import type { MintedToken } from "../../access/credential/index.ts";
import type { Queries } from "../../ports/database.ts";
import { bytes, integer, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { SqlPool } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/** Inserts a sponsor with its first key. */
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

/** Inserts a sponsor that has no key and no wallet yet. */
export const insertEmptySponsor = statement({
  name: "sponsor.insert-empty",
  limit: "money",
  params: { name: text },
  row: { id: uuid },
  text: "INSERT INTO sponsors (name) VALUES ($name) RETURNING id",
});

/** Returns the live key with this hash, and its sponsor. */
export async function findSponsorByKey(
  db: Queries,
  keyHash: Uint8Array<ArrayBuffer>,
): Promise<{ id: string; sponsorId: string; lastUsedAt: Date | null } | undefined> {
  const select = { id: true, sponsorId: true, lastUsedAt: true };
  return (await db.liveSponsorKey.findUnique({ where: { keyHash }, select })) ?? undefined;
}

/** Writes when a key was used, at most once a minute. */
export const noteKeyUsed = statement({
  name: "sponsor.note-key-used",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `
    UPDATE sponsor_api_keys SET last_used_at = now()
     WHERE id = $id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
});

export async function sponsorExists(db: Queries, id: string): Promise<boolean> {
  return (await db.sponsor.count({ where: { id } })) === 1;
}

/** One page of sponsors, newest first, and how many there are in all. */
export function searchSponsors(
  db: Queries,
  q: string | undefined,
  { offset, limit }: { offset: number; limit: number },
) {
  const where = q === undefined ? {} : { name: { contains: q, mode: "insensitive" as const } };
  return Promise.all([
    db.sponsor.findMany({
      where,
      include: { _count: { select: { sponsoredApis: true, campaigns: true } } },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      skip: offset,
      take: limit,
    }),
    db.sponsor.count({ where }),
  ]);
}

const insertKey = statement({
  name: "sponsor.insert-key",
  limit: "money",
  params: { sponsor_id: uuid, key_hash: bytes, hint: text },
  row: { id: uuid },
  text: `INSERT INTO sponsor_api_keys (sponsor_id, key_hash, hint) VALUES ($sponsor_id, $key_hash, $hint) RETURNING id`,
});

/** Locks a sponsor for a rotation. Returns when its older keys end. */
const lock = statement({
  name: "sponsor.lock",
  limit: "money",
  params: { id: uuid, overlap_seconds: integer },
  row: { previous_end_at: timestamp },
  text: `SELECT now() + make_interval(secs => $overlap_seconds) AS previous_end_at FROM sponsors WHERE id = $id AND closed_at IS NULL FOR UPDATE`,
});

const limitKeys = statement({
  name: "sponsor.limit-keys",
  limit: "money",
  params: { sponsor_id: uuid, overlap_seconds: integer },
  row: {},
  text: `
    UPDATE sponsor_api_keys SET expires_at = least(expires_at, now() + make_interval(secs => $overlap_seconds))
     WHERE sponsor_id = $sponsor_id AND revoked_at IS NULL`,
});

/**
 * Adds a key to a sponsor, and limits older keys to the overlap. The sponsor is locked first, so that of two
 * rotations at once the later one also limits the key of the earlier one. Returns undefined if there is no
 * such sponsor, or it was closed.
 */
export const rotateKey = (
  sql: SqlPool,
  sponsorId: string,
  key: MintedToken,
  overlapSeconds: number,
): Promise<{ id: string; previousEndAt: Date } | undefined> =>
  sql.transaction(async (tx) => {
    const locked = await lock.first(tx, { id: sponsorId, overlap_seconds: overlapSeconds });
    if (locked === undefined) return undefined;
    await limitKeys.count(tx, { sponsor_id: sponsorId, overlap_seconds: overlapSeconds });
    const { id } = await insertKey.one(tx, { sponsor_id: sponsorId, key_hash: key.hash, hint: key.hint });
    return { id, previousEndAt: locked.previous_end_at };
  });

/** The address that a sponsor's withdrawals are paid to. */
export async function findWallet(db: Queries, sponsorId: string): Promise<string | undefined> {
  const sponsor = await db.sponsor.findUnique({ where: { id: sponsorId }, select: { walletAddress: true } });
  return sponsor?.walletAddress ?? undefined;
}

/** A sponsor's name, as agents and people read it. @throws if there is no such sponsor */
export async function nameOfSponsor(db: Queries, id: string): Promise<string> {
  return (await db.sponsor.findUniqueOrThrow({ where: { id }, select: { name: true } })).name;
}
