import type { z } from "zod";
import { FRESH_SECONDS, requireFreshSignIn } from "../../access/user/index.ts";
import type { Deps, SponsorActor, UserActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { archiveCampaignsOf, eraseVerdictSecretsOf } from "../../sponsorship/campaign/index.ts";
import { endTeam, requireRoleStill } from "../../sponsorship/member/index.ts";
import { indexServices } from "../../sponsorship/offer/index.ts";
import { closeSponsor, endKeysOf, lockForClosing } from "../../sponsorship/sponsor/index.ts";
import { archiveApisOf } from "../../sponsorship/sponsored-api/index.ts";
import { endEndpointsOf, lockListener } from "../../webhooks/endpoint/index.ts";
import type { CloseOrganisationInput, CloseOrganisationOutput, ClosingStateOutput } from "./schema.ts";
import { listBlockers } from "./store.ts";

type Context = Pick<Deps, "sql" | "log" | "thesaurus" | "signInRecords"> & {
  actor: SponsorActor;
  person: UserActor;
};

/** What has to be done before an organisation can be closed. */
export async function readClosingState({
  sql,
  signInRecords,
  actor,
  person,
}: Omit<Context, "log" | "thesaurus">): Promise<z.infer<typeof ClosingStateOutput>> {
  const session = await sql.transaction((tx) => signInRecords.lock(tx, person, FRESH_SECONDS));
  const blockers = await listBlockers.all(sql, { sponsor_id: actor.sponsorId });
  const of = (kind: (typeof blockers)[number]["kind"]) => blockers.filter((blocker) => blocker.kind === kind);
  return {
    is_fresh: session === "fresh",
    active_campaigns: of("campaign").map(({ campaign_id, name }) => ({
      ...{ campaign_id: campaign_id ?? "", name: name ?? "" },
    })),
    budgets: of("budget").map(({ campaign_id, service_key, name, left_micros }) => ({
      ...{ campaign_id, service_key, name: name ?? "", left_cents: microsToCents(left_micros ?? 0n) },
    })),
    under_way: of("transfer").length,
  };
}

/**
 * Closes an organisation for good, in one transaction: all of it, or nothing. Its campaigns and services are archived, its keys and
 * webhooks end, its invitations end, and nobody acts for it any more. What the books, people's histories and its audit log say of it stays.
 * @throws AppError `validation_error` if the name isn't the organisation's; `conflict` if a campaign is active, money is left or
 *   under way, or the sign-in isn't fresh; `not_found` or `forbidden` if the person is no owner of it any more
 */
export async function closeOrganisation(
  ctx: Context,
  input: z.infer<typeof CloseOrganisationInput>,
): Promise<z.infer<typeof CloseOrganisationOutput>> {
  const { sql, log, thesaurus, actor } = ctx;
  const of = { sponsor_id: actor.sponsorId };
  await sql.transaction(async (tx) => {
    await lockListener.one(tx, { listener_id: actor.sponsorId });
    await requireFreshSignIn(tx, { ...ctx, then: "close the organisation" });
    const sponsor = await lockForClosing.first(tx, { id: actor.sponsorId });
    if (sponsor === undefined) throw notFound("organisation");
    await requireRoleStill(tx, actor);
    if (input.name.trim() !== sponsor.name.trim())
      throw invalidField("/name", "must be the organisation's name", "const");
    const ofCampaigns = await archiveCampaignsOf.all(tx, of);
    const own = await archiveApisOf.all(tx, of);
    requireNothingLeft(await listBlockers.all(tx, of));
    await eraseVerdictSecretsOf.count(tx, of);
    await endKeysOf.count(tx, of);
    await endTeam.count(tx, of);
    await closeSponsor.count(tx, { id: actor.sponsorId });
    const services = new Set([...ofCampaigns, ...own].map(({ service_id }) => service_id));
    await indexServices(tx, [...services], thesaurus);
    await endEndpointsOf.count(tx, { listener_id: actor.sponsorId });
  });
  log.info({ event: "sponsor_closed", ...of }, "sponsor closed by an owner");
  return { closed_at: new Date().toISOString() };
}

/** @throws AppError `conflict` that says what has to be done first */
function requireNothingLeft(blockers: Awaited<ReturnType<typeof listBlockers.all>>): void {
  const namesOf = (kind: string): string =>
    blockers
      .filter((blocker) => blocker.kind === kind)
      .map(({ name }) => `"${name ?? ""}"`)
      .join(", ");
  const [campaigns, budgets] = [namesOf("campaign"), namesOf("budget")];
  if (campaigns !== "")
    throw new AppError("conflict", { message: `${campaigns} is still active. Pause it first.` });
  if (budgets !== "")
    throw new AppError("conflict", { message: `Money is left in ${budgets}. Withdraw it first.` });
  if (blockers.length > 0)
    throw new AppError("conflict", {
      message: "A payment or withdrawal is under way. Wait until it arrives.",
    });
}
