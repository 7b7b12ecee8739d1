import type { z } from "zod";
import { misleadingName, ownNames } from "../../access/agent/index.ts";
import { requireUser } from "../../access/user/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";
import { insertEmptySponsor } from "../sponsor/index.ts";
import type { FoundOrganisationInput, FoundOrganisationOutput, ListOrganisationsOutput } from "./schema.ts";
import { insertFounder, listMemberships } from "./store.ts";

/** More than anybody needs who tries things out. */
const MOST_OWNED = 5;

/** Lists the sponsors that a person acts for. */
export async function listOrganisations({
  db,
  actor,
}: Pick<Deps, "db"> & { actor: UserActor }): Promise<z.infer<typeof ListOrganisationsOutput>> {
  const memberships = await listMemberships(db, actor.userId);
  return {
    organisations: memberships.map(({ role, sponsor }) => ({
      ...{ sponsor_id: sponsor.id, name: sponsor.name, role: role as SponsorRole },
    })),
    most_owned: MOST_OWNED,
  };
}

/**
 * Makes a sponsor, with the person as its owner. It has no key yet.
 * @throws AppError `validation_error` for a name that people could take for ours; `conflict` if the person owns too many
 */
export async function foundOrganisation(
  { sql, log, settings, actor }: Pick<Deps, "sql" | "log" | "settings"> & { actor: UserActor },
  { name }: z.infer<typeof FoundOrganisationInput>,
): Promise<z.infer<typeof FoundOrganisationOutput>> {
  const problem = misleadingName(name, ownNames(settings));
  if (problem !== undefined) throw invalidField("/name", problem, "misleading");
  const sponsorId = await sql.transaction(async (tx) => {
    // Else two calls at once would each count the organisations without the other's.
    await requireUser(tx, actor.userId);
    const { id } = await insertEmptySponsor.one(tx, { name });
    const founder = { sponsor_id: id, user_id: actor.userId, most: BigInt(MOST_OWNED) };
    if ((await insertFounder.first(tx, founder)) === undefined)
      throw new AppError("conflict", { message: `You own ${MOST_OWNED} organisations already.` });
    return id;
  });
  log.info({ event: "sponsor_founded", sponsor_id: sponsorId }, "sponsor founded by a person");
  return { sponsor_id: sponsorId, name, role: "owner" };
}
