import type { z } from "zod";
import { hashSecret, isToken } from "../../access/credential/index.ts";
import { requireUser } from "../../access/user/index.ts";
import type { Deps, SponsorActor, UserActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { rateLimited } from "../../protocol/rate-limit/index.ts";
import { deleteInvitation, findInvitation, putInvitation, useInvitation } from "./invitation-store.ts";
import type {
  AcceptInvitationInput,
  AcceptInvitationOutput,
  EndInvitationInput,
  EndInvitationOutput,
  InvitationOutput,
  InviteInput,
  OpenInvitationInput,
  OpenInvitationOutput,
} from "./schema.ts";
import { insertMember, lockMembers, MOST_MEMBERS, MOST_MEMBERSHIPS, readMember } from "./store.ts";
import { requireRoleStill } from "./team.ts";

/**
 * Invites the owner of an address to act for the sponsor. A job mails them a link that works once, for seven days. Whether the
 * address has an account here is told to nobody.
 * @throws AppError `conflict` if there are too many members; `rate_limited` if the address was mailed too often
 */
export async function inviteMember(
  {
    sql,
    log,
    limiter,
    settings,
    actor,
  }: Pick<Deps, "sql" | "log" | "limiter" | "settings"> & { actor: SponsorActor },
  input: z.infer<typeof InviteInput>,
): Promise<z.infer<typeof InvitationOutput>> {
  const { sponsorId, via } = actor;
  if (via.kind !== "member") throw new AppError("forbidden", { message: "Only members invite." });
  const email = input.email.toLowerCase();
  const rule = settings.rateRules.invitationMails;
  const take = await limiter.take(rule, Buffer.from(hashSecret(email)).toString("hex"));
  if (!take.allowed) throw rateLimited(rule, take);
  const made = await sql.transaction(async (tx) => {
    await lockMembers.one(tx, { sponsor_id: sponsorId });
    await requireRoleStill(tx, actor);
    return putInvitation.first(tx, {
      ...{ sponsor_id: sponsorId, email, role: input.role, invited_by: via.userId },
      most: BigInt(MOST_MEMBERS),
    });
  });
  if (made === undefined)
    throw new AppError("conflict", {
      message: `An organisation has at most ${MOST_MEMBERS} members and invitations.`,
    });
  log.info({ event: "member_invited", sponsor_id: sponsorId, role: input.role }, "somebody was invited");
  return { invitation_id: made.id, expires_at: made.expires_at.toISOString() };
}

/** Takes an invitation back: its link opens nothing any more. @throws AppError `not_found` */
export async function endInvitation(
  { sql, actor }: Pick<Deps, "sql"> & { actor: SponsorActor },
  input: z.infer<typeof EndInvitationInput>,
): Promise<z.infer<typeof EndInvitationOutput>> {
  const id = requireId(input.invitation_id, "invitation");
  if ((await deleteInvitation.first(sql, { sponsor_id: actor.sponsorId, id })) === undefined)
    throw notFound("invitation");
  return { invitation_id: id };
}

/** Shows who invites to what. Who has the link sees it. @throws AppError `not_found` for a link that works no more */
export async function openInvitation(
  { sql, actor }: Pick<Deps, "sql"> & { actor: UserActor },
  { token }: z.infer<typeof OpenInvitationInput>,
): Promise<z.infer<typeof OpenInvitationOutput>> {
  const found = await findInvitation.first(sql, { token_hash: hashOf(token) });
  if (found === undefined) throw notFound("invitation");
  return {
    organisation: found.organisation,
    role: found.role,
    invited_by: found.invited_by,
    is_for_you: found.email === actor.email.toLowerCase(),
    expires_at: found.expires_at.toISOString(),
  };
}

/**
 * Makes the person a member. The link counts once, and only for who has proven the address that it was sent to. Who is a member
 * already keeps their role, and the invitation stays.
 * @throws AppError `not_found` for a link that works no more; `forbidden` for another person's; `conflict` if they are a member
 *   already, or act for too many
 */
export async function acceptInvitation(
  { sql, log, actor }: Pick<Deps, "sql" | "log"> & { actor: UserActor },
  { token }: z.infer<typeof AcceptInvitationInput>,
): Promise<z.infer<typeof AcceptInvitationOutput>> {
  const token_hash = hashOf(token);
  const email = actor.email.toLowerCase();
  const found = await findInvitation.first(sql, { token_hash });
  if (found === undefined) throw notFound("invitation");
  if (found.email !== email)
    throw new AppError("forbidden", { message: "This invitation was sent to another address." });
  const { sponsor_id, organisation: name } = found;
  const role = await sql.transaction(async (tx) => {
    await lockMembers.one(tx, { sponsor_id });
    await requireUser(tx, actor.userId);
    const used = await useInvitation.first(tx, { sponsor_id, token_hash, email });
    if (used === undefined) throw notFound("invitation");
    if ((await readMember.first(tx, { sponsor_id, user_id: actor.userId })) !== undefined)
      throw new AppError("conflict", { message: "You are a member already." });
    const member = { sponsor_id, user_id: actor.userId, role: used.role, most: BigInt(MOST_MEMBERSHIPS) };
    if ((await insertMember.first(tx, member)) === undefined)
      throw new AppError("conflict", { message: `You act for ${MOST_MEMBERSHIPS} organisations already.` });
    return used.role;
  });
  log.info({ event: "member_joined", sponsor_id, user_id: actor.userId, role }, "an invitation was accepted");
  return { sponsor_id, name, role };
}

/** @throws AppError `not_found` for what can't be a link's token */
function hashOf(token: string): Uint8Array<ArrayBuffer> {
  if (!isToken("sponsor_invitation", token)) throw notFound("invitation");
  return hashSecret(token);
}
