import { nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/** Grants of a person that are looked at, the newest; their list has as many. */
const MOST_GRANTS = 100;
/** A payment's state can change while newer ones were made. Older ones change the budget when they are decided. */
const NEWEST_PAYMENTS = 3;

/**
 * For each of these people, a digest of what each list of the console shows: it differs from the one before if something has
 * changed. One statement for all of them, by indexes alone.
 */
export const readDigests = statement({
  name: "changes.read-digests",
  limit: "read",
  params: { user_ids: uuids },
  row: {
    user_id: uuid,
    agents: nullable(text),
    payments: nullable(text),
    calls: nullable(text),
    questions: nullable(text),
  },
  text: `
    SELECT p.id AS user_id, g.agents, g.payments, g.calls, q.questions
      FROM unnest($user_ids) AS p (id)
     CROSS JOIN LATERAL (
       SELECT md5(string_agg(concat_ws(' ', g.id, g.updated_at, g.revoked_at, g.undo_until > now(), g.suspended_at, g.expires_at > now(),
                                       b.reserved, b.spent, b."limit", a.status, g.reads_sponsor_texts), ',' ORDER BY g.id)) AS agents,
              md5(string_agg(concat_ws(' ', b.reserved, b.spent, pay.newest), ',' ORDER BY g.id)) AS payments,
              md5(string_agg(concat_ws(' ', g.id, call.created_at), ',' ORDER BY g.id)) AS calls
         FROM (SELECT * FROM grants WHERE user_id = p.id ORDER BY updated_at DESC LIMIT ${MOST_GRANTS}) g
         JOIN agents a ON a.id = g.agent_id
         JOIN budget_accounts b ON b.id = g.budget_account_id
        CROSS JOIN LATERAL (
          SELECT string_agg(concat_ws(' ', n.id, n.status, n.delivered_at), ' ') AS newest
            FROM (SELECT id, status, delivered_at FROM payments
                   WHERE grant_id = g.id ORDER BY created_at DESC, id DESC LIMIT ${NEWEST_PAYMENTS}) n) pay
         LEFT JOIN LATERAL (
          SELECT created_at FROM agent_audit_logs
           WHERE grant_id = g.id AND created_at > now() - interval '1 day' ORDER BY created_at DESC LIMIT 1) call ON true
     ) g
     CROSS JOIN LATERAL (
       SELECT md5(string_agg(concat_ws(' ', id, code_entered_at), ',' ORDER BY id)) AS questions
         FROM approvals WHERE user_id = p.id AND status = 'pending' AND expires_at > now()
     ) q`,
});
export type Digests = RowOf<typeof readDigests>;
