import type { Queries } from "../../ports/database.ts";
import { bigint, bytes, integer, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** What members change of their sponsor. */

/** Locks a sponsor, so that its keys are counted by one call at a time. No row if it was closed. */
export const lockKeys = statement({
  name: "sponsor.lock-keys",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM sponsors WHERE id = $id AND closed_at IS NULL FOR NO KEY UPDATE",
});

/** Adds a key to a sponsor that is locked. No row if it has as many live keys as a sponsor may have. */
export const insertKeyWithin = statement({
  name: "sponsor.insert-key-within",
  limit: "money",
  params: { sponsor_id: uuid, key_hash: bytes, hint: text, most: bigint },
  row: { id: uuid },
  text: `
    INSERT INTO sponsor_api_keys (sponsor_id, key_hash, hint) SELECT $sponsor_id, $key_hash, $hint
     WHERE (SELECT count(*) FROM sponsor_api_keys
             WHERE sponsor_id = $sponsor_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) < $most
    RETURNING id`,
});

/** Ends a key. It stays ended, with the time when it ended first. */
export const endKey = statement({
  name: "sponsor.end-key",
  limit: "money",
  params: { sponsor_id: uuid, id: uuid },
  row: { id: uuid },
  text: `
    UPDATE sponsor_api_keys SET revoked_at = coalesce(revoked_at, now())
     WHERE id = $id AND sponsor_id = $sponsor_id RETURNING id`,
});

/** Limits the live keys of a sponsor that is locked. */
export const limitOwnKeys = statement({
  name: "sponsor.limit-own-keys",
  limit: "money",
  params: { sponsor_id: uuid, overlap_seconds: integer },
  row: {},
  text: `
    UPDATE sponsor_api_keys SET expires_at = least(expires_at, now() + make_interval(secs => $overlap_seconds))
     WHERE sponsor_id = $sponsor_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
});

/** No row changes if the sponsor was closed. */
export const updateWallet = statement({
  name: "sponsor.set-wallet",
  limit: "money",
  params: { id: uuid, wallet_address: text },
  row: {},
  text: "UPDATE sponsors SET wallet_address = $wallet_address WHERE id = $id AND closed_at IS NULL",
});

const MOST_LISTED = 100;

export const listKeys = (db: Queries, sponsorId: string) =>
  db.sponsorApiKey.findMany({
    where: { sponsorId },
    select: { id: true, hint: true, createdAt: true, expiresAt: true, revokedAt: true, lastUsedAt: true },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: MOST_LISTED,
  });

export const findSponsor = (db: Queries, id: string) =>
  db.sponsor.findUniqueOrThrow({
    where: { id },
    select: { name: true, walletAddress: true, createdAt: true },
  });

/** Locks a sponsor that is to be closed, in full: nothing can be stored that refers to it until the transaction ends. */
export const lockForClosing = statement({
  name: "sponsor.lock-for-closing",
  limit: "money",
  params: { id: uuid },
  row: { name: text },
  text: "SELECT name FROM sponsors WHERE id = $id AND closed_at IS NULL FOR UPDATE",
});

/** Keeps a sponsor open until the transaction ends. No row if it was closed. Nothing but a closing or a rotation of keys waits for it. */
export const keepOpen = statement({
  name: "sponsor.keep-open",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM sponsors WHERE id = $id AND closed_at IS NULL FOR KEY SHARE",
});

export const closeSponsor = statement({
  name: "sponsor.close",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: "UPDATE sponsors SET closed_at = now() WHERE id = $id",
});

/** Ends all keys of a sponsor, from their next call on. */
export const endKeysOf = statement({
  name: "sponsor.end-keys",
  limit: "money",
  params: { sponsor_id: uuid },
  row: {},
  text: "UPDATE sponsor_api_keys SET revoked_at = now() WHERE sponsor_id = $sponsor_id AND revoked_at IS NULL",
});
