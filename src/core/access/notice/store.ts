import { bigint, integer, json, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { Notice, NoticeKind } from "./notice.ts";

/**
 * Notes that a grant is as it is now, for a mail to its user. In the transaction that wrote the grant. Users who don't sign in
 * have no proven address, and nothing is noted for them.
 */
export const noteGrant = statement({
  name: "notice.grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: `
    INSERT INTO notices (account_id, kind, grant_id, detail)
    SELECT u.account_id, 'grant', g.id,
           jsonb_build_object('task_types', g.allowed_task_types, 'data_types', g.allowed_data_types, 'categories', g.allowed_categories,
                              'budget_micros', b."limit"::text, 'expires_at', g.expires_at)
      FROM grants g JOIN users u ON u.id = g.user_id JOIN budget_accounts b ON b.id = g.budget_account_id
     WHERE g.id = $grant_id AND u.account_id IS NOT NULL`,
});

/** Notes that a grant was suspended. In the transaction that did it. */
export const noteSuspension = statement({
  name: "notice.suspension",
  limit: "money",
  params: { grant_id: uuid, reason: text },
  row: {},
  text: `
    INSERT INTO notices (account_id, kind, grant_id, detail)
    SELECT u.account_id, 'suspended', g.id, jsonb_build_object('reason', $reason)
      FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = $grant_id AND u.account_id IS NOT NULL`,
});

/** Notes, once for each budget, that a grant's budget doesn't cover what its agent wants to pay. */
export const noteBudgetUsedUp = statement({
  name: "notice.budget-used-up",
  limit: "money",
  params: { grant_id: uuid, budget_account_id: uuid },
  row: {},
  text: `
    INSERT INTO notices (account_id, kind, grant_id, once_key, detail)
    SELECT u.account_id, 'budget_used_up', g.id, 'budget:' || $budget_account_id,
           jsonb_build_object('budget_micros', b."limit"::text, 'spent_micros', b.spent::text)
      FROM grants g JOIN users u ON u.id = g.user_id JOIN budget_accounts b ON b.id = $budget_account_id
     WHERE g.id = $grant_id AND u.account_id IS NOT NULL
    ON CONFLICT (once_key) DO NOTHING`,
});

/**
 * Takes the next notice that is due, with its address: the oldest of its person that isn't sent, unless the person has got as many
 * mails in the last hour as they may. It is due again after a while, twice as long each time, until it is marked as sent: a server
 * that is killed leaves it to the others.
 */
export const takeDue = statement({
  name: "notice.take-due",
  limit: "job",
  params: { most_an_hour: bigint },
  row: {
    id: bigint,
    kind: oneOf<NoticeKind>(),
    grant_id: nullable(uuid),
    detail: json<Notice["detail"]>(),
    created_at: timestamp,
    attempts: integer,
    email: nullable(text),
    agent: nullable(text),
  },
  text: `
    WITH due AS (
      SELECT n.id FROM notices n
       WHERE n.sent_at IS NULL AND n.due_at <= now()
         AND NOT EXISTS (SELECT FROM notices o WHERE o.account_id = n.account_id AND o.sent_at IS NULL AND o.id < n.id)
         AND (SELECT count(*) FROM notices s
               WHERE s.account_id = n.account_id AND s.sent_at > now() - interval '1 hour') < $most_an_hour
       ORDER BY n.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE notices n SET attempts = n.attempts + 1, due_at = now() + make_interval(secs => least(3600, 15 * 2 ^ n.attempts))
        FROM due WHERE n.id = due.id
      RETURNING n.id, n.account_id, n.kind, n.grant_id, n.detail, n.created_at, n.attempts
    )
    SELECT t.id, t.kind, t.grant_id, t.detail, t.created_at, t.attempts, p.email, a.name AS agent
      FROM taken t
      LEFT JOIN proven_addresses p ON p.account_id = t.account_id
      LEFT JOIN grants g ON g.id = t.grant_id
      LEFT JOIN agents a ON a.id = g.agent_id`,
});

export const markSent = statement({
  name: "notice.mark-sent",
  limit: "job",
  params: { id: bigint },
  row: {},
  text: "UPDATE notices SET sent_at = now() WHERE id = $id",
});

export const dropNotice = statement({
  name: "notice.drop",
  limit: "job",
  params: { id: bigint },
  row: {},
  text: "DELETE FROM notices WHERE id = $id",
});

/** Deletes old notices. That a budget was used up is noted again then, if it still is. */
export const deleteOldNotices = statement({
  name: "notice.delete-old",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM notices WHERE created_at < now() - interval '30 days'",
});
