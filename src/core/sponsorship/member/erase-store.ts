import { boolean, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";

/** Locks the sponsors that a person acts for, before the person, so that no other owner leaves meanwhile. */
export const lockSponsorsOf = statement({
  name: "member.lock-sponsors-of",
  limit: "money",
  params: { user_id: uuid },
  row: { id: uuid },
  text: `
    SELECT s.id FROM sponsors s
     WHERE s.id IN (SELECT sponsor_id FROM sponsor_members WHERE user_id = $user_id) ORDER BY s.id FOR NO KEY UPDATE`,
});

/** The sponsors that a person acts for, and whether nobody else owns each. */
export const listOwnSponsors = statement({
  name: "member.list-own-sponsors",
  limit: "money",
  params: { user_id: uuid },
  row: { sponsor_id: uuid, name: text, role: oneOf<SponsorRole>(), owns_alone: boolean },
  text: `
    SELECT m.sponsor_id, s.name, m.role,
           m.role = 'owner' AND NOT EXISTS (
             SELECT FROM sponsor_members o
              WHERE o.sponsor_id = m.sponsor_id AND o.role = 'owner' AND o.user_id <> m.user_id) AS owns_alone
      FROM sponsor_members m JOIN sponsors s ON s.id = m.sponsor_id
     WHERE m.user_id = $user_id ORDER BY s.name, m.sponsor_id`,
});

/** Ends what a person may do for sponsors, what they invited, and the invitations to their address. */
export const eraseMemberships = statement({
  name: "member.erase-of-user",
  limit: "money",
  params: { user_id: uuid, email: text },
  row: {},
  text: `
    WITH own AS (
      SELECT id FROM sponsor_invitations WHERE email = $email
      UNION
      SELECT i.id FROM sponsor_members m JOIN sponsor_invitations i ON i.sponsor_id = m.sponsor_id
       WHERE m.user_id = $user_id AND i.invited_by = $user_id
    ), locked AS (
      SELECT id FROM sponsor_invitations WHERE id IN (SELECT id FROM own) ORDER BY id FOR UPDATE
    ), invitations AS (
      DELETE FROM sponsor_invitations WHERE id IN (SELECT id FROM locked)
    )
    DELETE FROM sponsor_members WHERE user_id = $user_id`,
});

/** What a person may do for sponsors, for their own export. */
export const exportMemberships = statement({
  name: "member.export",
  limit: "read",
  params: { user_id: uuid },
  row: { sponsor_id: uuid, sponsor: text, role: text, since: timestamp },
  text: `
    SELECT m.sponsor_id, s.name AS sponsor, m.role, m.created_at AS since
      FROM sponsor_members m JOIN sponsors s ON s.id = m.sponsor_id WHERE m.user_id = $user_id`,
});

/** Ends what everybody may do for a sponsor that is locked, and its invitations. */
export const endTeam = statement({
  name: "member.end-team",
  limit: "money",
  params: { sponsor_id: uuid },
  row: {},
  text: `
    WITH invitations AS (DELETE FROM sponsor_invitations WHERE sponsor_id = $sponsor_id)
    DELETE FROM sponsor_members WHERE sponsor_id = $sponsor_id`,
});
