import type { Queries } from "../../ports/database.ts";
import { bigint, bytes, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";

const role = oneOf<SponsorRole>();

/** How long the link in the mail works. */
const INVITATION_DAYS = 7;

/**
 * Invites an address to act for a sponsor that is locked. An earlier invitation of the address ends, with its link. No row if there
 * are as many members and invitations as a sponsor may have.
 */
export const putInvitation = statement({
  name: "member.put-invitation",
  limit: "money",
  params: { sponsor_id: uuid, email: text, role, invited_by: uuid, most: bigint },
  row: { id: uuid, expires_at: timestamp },
  text: `
    INSERT INTO sponsor_invitations (sponsor_id, email, role, invited_by, expires_at)
    SELECT $sponsor_id, $email, $role, $invited_by, now() + interval '${INVITATION_DAYS} days'
     WHERE (SELECT count(*) FROM sponsor_members WHERE sponsor_id = $sponsor_id)
         + (SELECT count(*) FROM sponsor_invitations WHERE sponsor_id = $sponsor_id AND expires_at > now() AND email <> $email) < $most
    ON CONFLICT (sponsor_id, email) DO UPDATE
      SET role = excluded.role, invited_by = excluded.invited_by, expires_at = excluded.expires_at, created_at = now(),
          token_hash = NULL, mail_due_at = now(), mail_attempts = 0, mailed_at = NULL
    RETURNING id, expires_at`,
});

/** Takes an invitation back. */
export const deleteInvitation = statement({
  name: "member.delete-invitation",
  limit: "money",
  params: { sponsor_id: uuid, id: uuid },
  row: { email: text },
  text: "DELETE FROM sponsor_invitations WHERE sponsor_id = $sponsor_id AND id = $id RETURNING email",
});

/** Ends what a member has invited who may invite no more. */
export const deleteInvitationsBy = statement({
  name: "member.delete-invitations-by",
  limit: "money",
  params: { sponsor_id: uuid, invited_by: uuid },
  row: {},
  text: "DELETE FROM sponsor_invitations WHERE sponsor_id = $sponsor_id AND invited_by = $invited_by",
});

/** Uses up an invitation. No row if its time is over, it was used, or it is for another address. */
export const useInvitation = statement({
  name: "member.use-invitation",
  limit: "money",
  params: { sponsor_id: uuid, token_hash: bytes, email: text },
  row: { role },
  text: `
    DELETE FROM sponsor_invitations
     WHERE token_hash = $token_hash AND sponsor_id = $sponsor_id AND email = $email AND expires_at > now() RETURNING role`,
});

/** What an invitation's page shows. */
export const findInvitation = statement({
  name: "member.find-invitation",
  limit: "read",
  params: { token_hash: bytes },
  row: {
    sponsor_id: uuid,
    organisation: text,
    role,
    email: text,
    invited_by: nullable(text),
    expires_at: timestamp,
  },
  text: `
    SELECT i.sponsor_id, s.name AS organisation, i.role, i.email, p.email AS invited_by, i.expires_at
      FROM sponsor_invitations i
      JOIN sponsors s ON s.id = i.sponsor_id
      LEFT JOIN proven_addresses p ON p.user_id = i.invited_by
     WHERE i.token_hash = $token_hash AND i.expires_at > now()`,
});

/**
 * Takes the next invitation whose mail is due. It is due again after a while, twice as long each time, until it is marked as sent: a
 * server that is killed leaves it to the others.
 */
export const takeDueInvitation = statement({
  name: "member.take-due-invitation",
  limit: "job",
  params: {},
  row: {
    id: uuid,
    email: text,
    role,
    organisation: text,
    invited_by: nullable(text),
    expires_at: timestamp,
    mail_attempts: integer,
  },
  text: `
    WITH due AS (
      SELECT id FROM sponsor_invitations
       WHERE mailed_at IS NULL AND mail_due_at <= now() AND expires_at > now()
       ORDER BY mail_due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE sponsor_invitations i
         SET mail_attempts = i.mail_attempts + 1, mail_due_at = now() + make_interval(secs => least(3600, 15 * 2 ^ i.mail_attempts))
        FROM due WHERE i.id = due.id
      RETURNING i.id, i.email, i.role, i.sponsor_id, i.invited_by, i.expires_at, i.mail_attempts
    )
    SELECT t.id, t.email, t.role, s.name AS organisation, p.email AS invited_by, t.expires_at, t.mail_attempts
      FROM taken t
      JOIN sponsors s ON s.id = t.sponsor_id
      LEFT JOIN proven_addresses p ON p.user_id = t.invited_by`,
});

/** The link of the mail that is about to be sent. That of an earlier mail ends. No row if the invitation has ended meanwhile. */
export const setToken = statement({
  name: "member.set-invitation-token",
  limit: "job",
  params: { id: uuid, token_hash: bytes },
  row: { id: uuid },
  text: "UPDATE sponsor_invitations SET token_hash = $token_hash WHERE id = $id RETURNING id",
});

/** Marks the mail with this link as sent. */
export const markMailed = statement({
  name: "member.mark-invitation-mailed",
  limit: "job",
  params: { token_hash: bytes },
  row: {},
  text: "UPDATE sponsor_invitations SET mailed_at = now() WHERE token_hash = $token_hash",
});

/** Deletes invitations whose time is over. They open nothing in any case. */
export const deleteExpiredInvitations = statement({
  name: "member.delete-expired-invitations",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM sponsor_invitations WHERE expires_at < now() - interval '1 day'",
});

export const listInvitations = (db: Queries, sponsorId: string) =>
  db.sponsorInvitation.findMany({
    where: { sponsorId, expiresAt: { gt: new Date() } },
    select: { id: true, email: true, role: true, mailedAt: true, expiresAt: true },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: 100,
  });
