import type { Queries } from "../../ports/database.ts";
import { bigint, boolean, oneOf, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";

const role = oneOf<SponsorRole>();

/**
 * Makes a person who is locked the owner of a sponsor that was just made. No row if they own as many as one may.
 */
export const insertFounder = statement({
  name: "member.insert-founder",
  limit: "money",
  params: { sponsor_id: uuid, user_id: uuid, most: bigint },
  row: { sponsor_id: uuid },
  text: `
    INSERT INTO sponsor_members (sponsor_id, user_id, role) SELECT $sponsor_id, $user_id, 'owner'
     WHERE (SELECT count(*) FROM sponsor_members WHERE user_id = $user_id AND role = 'owner') < $most
    RETURNING sponsor_id`,
});

/** Makes a person who is locked a member. No row if they are one, or act for as many sponsors as one may. */
export const insertMember = statement({
  name: "member.insert",
  limit: "money",
  params: { sponsor_id: uuid, user_id: uuid, role, most: bigint },
  row: { sponsor_id: uuid },
  text: `
    INSERT INTO sponsor_members (sponsor_id, user_id, role) SELECT $sponsor_id, $user_id, $role
     WHERE (SELECT count(*) FROM sponsor_members WHERE user_id = $user_id) < $most
    ON CONFLICT DO NOTHING RETURNING sponsor_id`,
});

/** Locks a sponsor, so that its members change by one call at a time. Says whether somebody besides this member owns it. */
export const lockMembers = statement({
  name: "member.lock",
  limit: "money",
  params: { sponsor_id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM sponsors WHERE id = $sponsor_id FOR NO KEY UPDATE",
});

/** A member of a sponsor that is locked, and whether somebody else owns the sponsor. */
export const readMember = statement({
  name: "member.read",
  limit: "money",
  params: { sponsor_id: uuid, user_id: uuid },
  row: { role, others_own: boolean },
  text: `
    SELECT m.role, EXISTS (SELECT FROM sponsor_members o
                            WHERE o.sponsor_id = m.sponsor_id AND o.role = 'owner' AND o.user_id <> m.user_id) AS others_own
      FROM sponsor_members m WHERE m.sponsor_id = $sponsor_id AND m.user_id = $user_id`,
});

export const setRole = statement({
  name: "member.set-role",
  limit: "money",
  params: { sponsor_id: uuid, user_id: uuid, role },
  row: {},
  text: "UPDATE sponsor_members SET role = $role WHERE sponsor_id = $sponsor_id AND user_id = $user_id",
});

export const deleteMember = statement({
  name: "member.delete",
  limit: "money",
  params: { sponsor_id: uuid, user_id: uuid },
  row: {},
  text: "DELETE FROM sponsor_members WHERE sponsor_id = $sponsor_id AND user_id = $user_id",
});

/** What a person may do for a sponsor. Undefined: nothing, or there is no such sponsor. */
export async function findRole(
  db: Queries,
  sponsorId: string,
  userId: string,
): Promise<SponsorRole | undefined> {
  const member = await db.sponsorMember.findUnique({
    where: { sponsorId_userId: { sponsorId, userId } },
    select: { role: true },
  });
  return member?.role as SponsorRole | undefined;
}

/** More than any person acts for. */
export const MOST_MEMBERSHIPS = 50;
/** More than any sponsor has. */
export const MOST_MEMBERS = 100;

export const listMemberships = (db: Queries, userId: string) =>
  db.sponsorMember.findMany({
    where: { userId },
    select: { role: true, sponsor: { select: { id: true, name: true } } },
    orderBy: [{ sponsor: { name: "asc" } }, { sponsorId: "asc" }],
    take: MOST_MEMBERSHIPS,
  });

/** The members of a sponsor, the first one first, with the addresses that they have proven. */
export const listMembers = (db: Queries, sponsorId: string) =>
  db.sponsorMember.findMany({
    where: { sponsorId },
    select: {
      role: true,
      createdAt: true,
      userId: true,
      user: { select: { provenAddress: { select: { email: true } } } },
    },
    orderBy: [{ createdAt: "asc" }, { userId: "asc" }],
    take: MOST_MEMBERS,
  });
