import type { z } from "zod";
import { DEFAULT_OVERLAP_SECONDS, mintToken } from "../../access/credential/index.ts";
import type { Deps, SponsorActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type {
  EndKeyInput,
  EndKeyOutput,
  ListKeysOutput,
  NewSponsorKeyOutput,
  RotateKeyInput,
} from "./own-schema.ts";
import { endKey, insertKeyWithin, limitOwnKeys, listKeys, lockKeys } from "./own-store.ts";

type Context = Pick<Deps, "sql" | "log"> & { actor: SponsorActor };
type NewKey = z.infer<typeof NewSponsorKeyOutput>;

/** Enough for each place a sponsor's software runs in, and few enough to keep an eye on. */
const MOST_LIVE_KEYS = 10;

/** Lists the sponsor's keys, the newest first: never the keys themselves. */
export async function listOwnKeys({
  db,
  actor,
}: Pick<Deps, "db"> & { actor: SponsorActor }): Promise<z.infer<typeof ListKeysOutput>> {
  const now = new Date();
  const keys = await listKeys(db, actor.sponsorId);
  return {
    keys: keys.map(({ id, hint, createdAt, expiresAt, revokedAt, lastUsedAt }) => ({
      key_id: id,
      hint,
      state: revokedAt !== null ? "ended" : expiresAt !== null && expiresAt <= now ? "expired" : "live",
      created_at: createdAt.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
      last_used_at: lastUsedAt?.toISOString() ?? null,
    })),
  };
}

/** Adds a key beside the present ones. @throws AppError `conflict` if the sponsor has too many live keys */
export const addOwnKey = ({ sql, log, actor }: Context): Promise<NewKey> =>
  sql.transaction(async (tx) => {
    await lockOwn(tx, actor.sponsorId);
    const made = await insertKey(tx, actor.sponsorId);
    log.info({ event: "key_added", sponsor_id: actor.sponsorId, key_id: made.key_id }, "sponsor key added");
    return { ...made, previous_keys_end_at: null };
  });

/** Adds a key, and ends the earlier ones after the overlap. @throws AppError as `addOwnKey` */
export const rotateOwnKey = (
  { sql, log, actor }: Context,
  { overlap_seconds = DEFAULT_OVERLAP_SECONDS }: z.infer<typeof RotateKeyInput>,
): Promise<NewKey> =>
  sql.transaction(async (tx) => {
    const { sponsorId } = actor;
    await lockOwn(tx, sponsorId);
    await limitOwnKeys.count(tx, { sponsor_id: sponsorId, overlap_seconds });
    const made = await insertKey(tx, sponsorId);
    log.info({ event: "key_rotated", sponsor_id: sponsorId, key_id: made.key_id }, "sponsor key rotated");
    return { ...made, previous_keys_end_at: new Date(Date.now() + overlap_seconds * 1000).toISOString() };
  });

/** @throws AppError `not_found` if it was closed at this moment */
async function lockOwn(tx: Sql, id: string): Promise<void> {
  if ((await lockKeys.first(tx, { id })) === undefined) throw notFound("organisation");
}

async function insertKey(tx: Sql, sponsorId: string): Promise<{ key_id: string; api_key: string }> {
  const { token, hash, hint } = mintToken("sponsor_key");
  const most = BigInt(MOST_LIVE_KEYS);
  const key = await insertKeyWithin.first(tx, { sponsor_id: sponsorId, key_hash: hash, hint, most });
  if (key === undefined)
    throw new AppError("conflict", {
      message: `This organisation has ${MOST_LIVE_KEYS} keys. End one first, or replace them with an overlap of 0.`,
    });
  return { key_id: key.id, api_key: token };
}

/** Ends a key, from the next call on. Repeating it changes nothing. @throws AppError `not_found` */
export async function endOwnKey(
  { sql, log, actor }: Context,
  input: z.infer<typeof EndKeyInput>,
): Promise<z.infer<typeof EndKeyOutput>> {
  const id = requireId(input.key_id, "key");
  if ((await endKey.first(sql, { sponsor_id: actor.sponsorId, id })) === undefined) throw notFound("key");
  log.info({ event: "key_revoked", sponsor_id: actor.sponsorId, key_id: id }, "sponsor key ended");
  return { key_id: id };
}
