import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";
import { deleteInvitationsBy, listInvitations } from "./invitation-store.ts";
import type { ChangeRoleInput, MemberOutput, RemoveMemberInput, TeamOutput } from "./schema.ts";
import { deleteMember, findRole, listMembers, lockMembers, readMember, setRole } from "./store.ts";

type Context = Pick<Deps, "sql" | "log"> & { actor: SponsorActor };

/**
 * The sponsor that a person acts for, and as whom.
 * @throws AppError `not_found` if they don't act for it, whether or not there is such a sponsor
 */
export async function authenticateMember(
  db: Deps["db"],
  userId: string,
  id: string,
): Promise<SponsorActor & { via: { kind: "member"; role: SponsorRole } }> {
  const sponsorId = requireId(id, "organisation");
  const role = await findRole(db, sponsorId, userId);
  if (role === undefined) throw notFound("organisation");
  return { kind: "sponsor", sponsorId, via: { kind: "member", userId, role } };
}

/** Lists who acts for the sponsor, and who is invited to. */
export async function readTeam({
  db,
  actor,
}: Pick<Deps, "db"> & { actor: SponsorActor }): Promise<z.infer<typeof TeamOutput>> {
  const [members, invitations] = await Promise.all([
    listMembers(db, actor.sponsorId),
    listInvitations(db, actor.sponsorId),
  ]);
  return {
    members: members.map((member) => ({
      member_id: member.userId,
      email: member.user.provenAddress?.email ?? null,
      role: member.role as SponsorRole,
      is_you: actor.via.kind === "member" && actor.via.userId === member.userId,
      since: member.createdAt.toISOString(),
    })),
    invitations: invitations.map((invitation) => ({
      invitation_id: invitation.id,
      email: invitation.email,
      role: invitation.role as SponsorRole,
      mailed_at: invitation.mailedAt?.toISOString() ?? null,
      expires_at: invitation.expiresAt.toISOString(),
    })),
  };
}

/**
 * Gives a member another role. It holds from their next call on.
 * @throws AppError `not_found`; `conflict` if the sponsor would have no owner
 */
export const changeRole = (
  ctx: Context,
  input: z.infer<typeof ChangeRoleInput>,
): Promise<z.infer<typeof MemberOutput>> =>
  changeMember(ctx, input.member_id, input.role, async (tx, member) => {
    await setRole.count(tx, { ...member, role: input.role });
    ctx.log.info({ event: "member_role_changed", ...member, role: input.role }, "role of a member changed");
  });

/**
 * Removes a member. Their next call is refused. What they invited ends.
 * @throws AppError as `changeRole`
 */
export const removeMember = (
  ctx: Context,
  input: z.infer<typeof RemoveMemberInput>,
): Promise<z.infer<typeof MemberOutput>> =>
  changeMember(ctx, input.member_id, undefined, async (tx, member) => {
    await deleteMember.count(tx, member);
    ctx.log.info({ event: "member_removed", ...member }, "member removed from a sponsor");
  });

/** Removes the person who calls. @throws AppError as `changeRole` */
export const leaveOrganisation = (ctx: Context): Promise<z.infer<typeof MemberOutput>> =>
  removeMember(ctx, { member_id: ctx.actor.via.kind === "member" ? ctx.actor.via.userId : "" });

/** @param next their next role; undefined: none */
async function changeMember(
  { sql, actor }: Context,
  memberId: string,
  next: SponsorRole | undefined,
  change: (tx: Sql, member: { sponsor_id: string; user_id: string }) => Promise<void>,
): Promise<z.infer<typeof MemberOutput>> {
  const userId = requireId(memberId, "member");
  const member = { sponsor_id: actor.sponsorId, user_id: userId };
  await sql.transaction(async (tx) => {
    await lockMembers.one(tx, { sponsor_id: actor.sponsorId });
    await requireRoleStill(tx, actor);
    const present = await readMember.first(tx, member);
    if (present === undefined) throw notFound("member");
    if (present.role === "owner" && next !== "owner" && !present.others_own)
      throw new AppError("conflict", {
        message: "An organisation needs an owner. Make somebody else one first.",
      });
    await change(tx, member);
    if (next !== "owner")
      await deleteInvitationsBy.count(tx, { sponsor_id: actor.sponsorId, invited_by: userId });
  });
  return { member_id: userId };
}

/**
 * Checks in a sponsor that is locked that its member still has the role with which the call began: of two owners who remove each
 * other at once, one does.
 * @throws AppError `not_found`, `forbidden`
 */
export async function requireRoleStill(tx: Sql, { sponsorId, via }: SponsorActor): Promise<void> {
  if (via.kind !== "member") return;
  const now = await readMember.first(tx, { sponsor_id: sponsorId, user_id: via.userId });
  if (now === undefined) throw notFound("organisation");
  if (now.role !== via.role) throw new AppError("forbidden", { message: "Your role has just changed." });
}
