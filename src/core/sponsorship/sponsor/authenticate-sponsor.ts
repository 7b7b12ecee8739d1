import { hashSecret, isToken } from "../../access/credential/index.ts";
import type { Deps, SponsorActor } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { findSponsorByKey } from "./store.ts";

/**
 * Returns the sponsor of a key.
 * @throws `unauthorized` if the key is malformed, unknown, revoked or expired
 */
export async function authenticateSponsor({ db }: Pick<Deps, "db">, token: string): Promise<SponsorActor> {
  const sponsorId = isToken("sponsor_key", token) ? await findSponsorByKey(db, hashSecret(token)) : undefined;
  if (sponsorId === undefined)
    throw new AppError("unauthorized", { message: "A valid sponsor API key is required." });
  return { kind: "sponsor", sponsorId };
}
