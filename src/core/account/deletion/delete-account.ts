import type { z } from "zod";
import { endOffersTo, eraseOwnedAgents, listActiveOwned } from "../../access/agent/index.ts";
import { eraseApprovals } from "../../access/approval/index.ts";
import { eraseGrantsOfUser } from "../../access/grant/index.ts";
import { eraseNotices } from "../../access/notice/index.ts";
import { deleteRecordsOfGrants } from "../../access/oauth-record/index.ts";
import { endRulesOfGrants } from "../../access/rule/index.ts";
import { eraseSessionsOfGrants } from "../../access/session/index.ts";
import {
  FRESH_SECONDS,
  lockForDeletion,
  makeTombstone,
  requireFreshSignIn,
} from "../../access/user/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { erasePreferencesOfUser } from "../../discovery/preference/index.ts";
import { eraseContentsOfPayments } from "../../money/payment/index.ts";
import { withdrawConsentsOfUser } from "../../personal-data/consent/index.ts";
import { eraseItemsOfUser } from "../../personal-data/vault/index.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import { eraseClaimsOfGrants } from "../../protocol/idempotency/index.ts";
import { eraseMemberships, listOwnSponsors, lockSponsorsOf } from "../../sponsorship/member/index.ts";
import { eraseAnswersOfUser } from "../../sponsorship/task/index.ts";
import type { DeleteAccountInput, DeleteAccountOutput, DeletionStateOutput } from "./schema.ts";

type Context = Pick<Deps, "sql" | "log" | "signInRecords"> & { actor: UserActor };

/** What has to be done before the person can delete their account. */
export async function readDeletionState({
  sql,
  signInRecords,
  actor,
}: Context): Promise<z.infer<typeof DeletionStateOutput>> {
  const session = await sql.transaction((tx) => signInRecords.lock(tx, actor, FRESH_SECONDS));
  const owned = await listActiveOwned.all(sql, { owner_user_id: actor.userId });
  const sponsors = await listOwnSponsors.all(sql, { user_id: actor.userId });
  return {
    is_fresh: session === "fresh",
    owned_agents: owned.map(({ id, name }) => ({ agent_id: id, name })),
    owned_organisations: sponsors
      .filter(({ owns_alone }) => owns_alone)
      .map(({ sponsor_id, name }) => ({ sponsor_id, name })),
  };
}

/**
 * Deletes the person's account in one transaction: all of it, or nothing. What must stay, such as payments and audit rows,
 * keeps the id of a user of whom nothing else is left. Payments that aren't decided end as the chain says.
 * @throws AppError `validation_error` if the address isn't the person's; `unauthorized` if the sign-in has ended; `conflict` if
 *   it isn't fresh, or the person owns agents, or is the only owner of an organisation
 */
export async function deleteAccount(
  { sql, log, signInRecords, actor }: Context,
  input: z.infer<typeof DeleteAccountInput>,
): Promise<z.infer<typeof DeleteAccountOutput>> {
  const { userId, accountId } = actor;
  const email = actor.email.toLowerCase();
  if (input.email.trim().toLowerCase() !== email)
    throw invalidField("/email", "must be the address that you sign in with", "const");
  await sql.transaction(async (tx) => {
    await requireFreshSignIn(tx, { signInRecords, person: actor, then: "delete the account" });
    await endOffersTo.count(tx, { email });
    const locked = await lockSponsorsOf.all(tx, { user_id: userId });
    if ((await lockForDeletion.first(tx, { id: userId })) === undefined) throw signedOut();
    await requireNoAgents(tx, userId);
    await requireNoOrganisations(tx, userId, new Set(locked.map(({ id }) => id)));
    await eraseMemberships.count(tx, { user_id: userId, email });
    await eraseOwnedAgents.count(tx, { owner_user_id: userId });
    await eraseUser(tx, userId);
    await eraseNotices.count(tx, { account_id: accountId });
    await signInRecords.erase(tx, actor);
  });
  log.info({ event: "account_deleted", user_id: userId }, "account deleted by its owner");
  return { deleted_at: new Date().toISOString() };
}

/** @throws AppError `conflict` that names the agents that would have no owner */
async function requireNoAgents(tx: Sql, userId: string): Promise<void> {
  const owned = await listActiveOwned.all(tx, { owner_user_id: userId });
  if (owned.length === 0) return;
  const names = owned.map(({ name }) => `"${name}"`).join(", ");
  throw new AppError("conflict", {
    message: `You are the only owner of ${names}. Hand over or retire each under Build, then delete the account.`,
  });
}

/**
 * Sponsors that the person has joined since theirs were locked aren't locked: their other owners could leave at this moment.
 * @throws AppError `conflict` that names the organisations that would have no owner
 */
async function requireNoOrganisations(tx: Sql, userId: string, locked: ReadonlySet<string>): Promise<void> {
  const own = await listOwnSponsors.all(tx, { user_id: userId });
  const names = own.filter(({ owns_alone }) => owns_alone).map(({ name }) => `"${name}"`);
  if (names.length > 0)
    throw new AppError("conflict", {
      message: `You are the only owner of ${names.join(", ")}. Make somebody else an owner under Team, then delete the account.`,
    });
  if (own.some(({ sponsor_id }) => !locked.has(sponsor_id)))
    throw new AppError("conflict", { message: "You have joined an organisation at this moment. Try again." });
}

/** The statements stand in the order of docs/lock-order.md. */
async function eraseUser(tx: Sql, userId: string): Promise<void> {
  const grants = await eraseGrantsOfUser.all(tx, { user_id: userId });
  const ofGrants = { grant_ids: grants.map(({ id }) => id) };
  await endRulesOfGrants.count(tx, ofGrants);
  await eraseSessionsOfGrants.count(tx, ofGrants);
  await deleteRecordsOfGrants.count(tx, ofGrants);
  await eraseContentsOfPayments.count(tx, ofGrants);
  await eraseClaimsOfGrants.count(tx, ofGrants);
  await eraseApprovals.count(tx, { ...ofGrants, user_id: userId });
  await withdrawConsentsOfUser.count(tx, { user_id: userId });
  await eraseAnswersOfUser.count(tx, { user_id: userId });
  await eraseItemsOfUser.count(tx, { user_id: userId });
  await erasePreferencesOfUser.count(tx, { user_id: userId });
  await makeTombstone.count(tx, { id: userId });
}

const signedOut = (): AppError => new AppError("unauthorized", { message: "Sign in first." });
