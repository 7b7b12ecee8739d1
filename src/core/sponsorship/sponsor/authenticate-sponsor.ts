import { hashSecret, isToken } from "../../access/credential/index.ts";
import type { Deps, SponsorActor } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { findSponsorByKey, noteKeyUsed } from "./store.ts";

/** How exactly the last use of a key is known. */
const USE_NOTED_EVERY_MS = 60_000;

/**
 * Returns the sponsor of a key. Its members see when the key was last used: that is written beside the call.
 * @throws `unauthorized` if the key is malformed, unknown, revoked or expired
 */
export async function authenticateSponsor(
  { db, sql, background }: Pick<Deps, "db" | "sql" | "background">,
  token: string,
): Promise<SponsorActor> {
  const key = isToken("sponsor_key", token) ? await findSponsorByKey(db, hashSecret(token)) : undefined;
  if (key === undefined)
    throw new AppError("unauthorized", { message: "A valid sponsor API key is required." });
  const { id, sponsorId, lastUsedAt } = key;
  if (lastUsedAt === null || lastUsedAt.getTime() < Date.now() - USE_NOTED_EVERY_MS)
    background.keep(noteKeyUsed.count(sql, { id }));
  return { kind: "sponsor", sponsorId, via: { kind: "key", apiKeyId: id } };
}
