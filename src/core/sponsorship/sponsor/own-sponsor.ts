import type { z } from "zod";
import { requireFreshSignIn } from "../../access/user/index.ts";
import type { Deps, SponsorActor, UserActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import type { OrganisationOutput, SetWalletInput } from "./own-schema.ts";
import { findSponsor, updateWallet } from "./own-store.ts";

/** The sponsor as its members see it. */
export async function getOrganisation({
  db,
  actor,
}: Pick<Deps, "db"> & { actor: SponsorActor }): Promise<z.infer<typeof OrganisationOutput>> {
  const { name, walletAddress, createdAt } = await findSponsor(db, actor.sponsorId);
  return {
    ...{ sponsor_id: actor.sponsorId, name, wallet_address: walletAddress },
    role: actor.via.kind === "member" ? actor.via.role : "owner",
    created_at: createdAt.toISOString(),
  };
}

/**
 * Sets where withdrawals are paid to. Those that are under way go to the address before.
 * @throws AppError `conflict` if the person's sign-in is older than 15 minutes
 */
export async function setWallet(
  ctx: Pick<Deps, "db" | "sql" | "log" | "signInRecords"> & { actor: SponsorActor; person: UserActor },
  input: z.infer<typeof SetWalletInput>,
): Promise<z.infer<typeof OrganisationOutput>> {
  const { db, sql, log, actor } = ctx;
  await sql.transaction(async (tx) => {
    await requireFreshSignIn(tx, { ...ctx, then: "set the wallet" });
    const wallet = { id: actor.sponsorId, wallet_address: input.wallet_address };
    if ((await updateWallet.count(tx, wallet)) === 0) throw notFound("organisation");
  });
  log.info({ event: "wallet_changed", sponsor_id: actor.sponsorId }, "a sponsor's wallet was changed");
  return getOrganisation({ db, actor });
}
