import { OWNER } from "../agent/index.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, boolean, integer, nullable, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Returns whether the user and the agent exist. A revoked agent counts as missing. */
export async function userAndAgentExist(
  db: Queries,
  userId: string,
  agentId: string,
): Promise<{ user: boolean; agent: boolean }> {
  const [users, agents] = await Promise.all([
    db.user.count({ where: { id: userId, deletedAt: null } }),
    db.agent.count({ where: { id: agentId, status: "active" } }),
  ]);
  return { user: users === 1, agent: agents === 1 };
}

export const findOwnGrant = (db: Queries, id: string, userId: string) =>
  db.grant.findUnique({ where: { id, userId }, select: { id: true } });

/**
 * Inserts the grant of a user and an agent, or replaces it. A replaced grant keeps its id and subject. It stays suspended, unless it
 * was revoked. It gets a new budget account, or keeps the one it has if `keeps_spent` and the grant is live. That one
 * still has its old limit. `writeGrant` also ends what is wider than the new terms.
 */
export const upsertGrant = statement({
  name: "grant.write",
  limit: "money",
  params: {
    user_id: uuid,
    agent_id: uuid,
    task_types: texts(),
    data_types: texts<DataType>(),
    categories: texts(),
    budget_micros: bigint,
    keeps_spent: boolean,
    expires_at: timestamp,
  },
  row: { id: uuid, subject: uuid, budget_account_id: uuid },
  text: `
    WITH kept AS MATERIALIZED (
      SELECT budget_account_id AS id FROM grants
       WHERE $keeps_spent AND user_id = $user_id AND agent_id = $agent_id AND revoked_at IS NULL AND expires_at > now() FOR NO KEY UPDATE
    ), opened AS (
      INSERT INTO budget_accounts (kind, unit, "limit") SELECT 'grant', 'micros', $budget_micros WHERE NOT EXISTS (SELECT FROM kept) RETURNING id
    )
    INSERT INTO grants (user_id, agent_id, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, expires_at)
    SELECT $user_id, $agent_id, $task_types, $data_types, $categories, account.id, $expires_at
      FROM (SELECT id FROM kept UNION ALL SELECT id FROM opened) AS account
    ON CONFLICT (user_id, agent_id) DO UPDATE SET
      allowed_task_types = excluded.allowed_task_types, allowed_data_types = excluded.allowed_data_types,
      allowed_categories = excluded.allowed_categories, budget_account_id = excluded.budget_account_id,
      expires_at = excluded.expires_at, revoked_at = NULL, updated_at = now(),
      suspended_at = CASE WHEN grants.revoked_at IS NULL THEN grants.suspended_at END,
      suspended_reason = CASE WHEN grants.revoked_at IS NULL THEN grants.suspended_reason END
    RETURNING id, subject, budget_account_id`,
});

/** Sets whether the agent of the user's grant may read texts of sponsors and sellers. Writes no row if there is no such grant. */
export const setReads = statement({
  name: "grant.set-reads-sponsor-texts",
  limit: "money",
  params: { id: uuid, user_id: uuid, reads: nullable(boolean) },
  row: {},
  text: "UPDATE grants SET reads_sponsor_texts = $reads WHERE id = $id AND user_id = $user_id",
});

/** Adds scopes to a live grant. Writes no row if the grant isn't live. */
export const addScopes = statement({
  name: "grant.add-scopes",
  limit: "money",
  params: { task_types: texts(), data_types: texts<DataType>(), categories: texts(), id: uuid },
  row: {},
  text: `
    UPDATE grants
       SET allowed_task_types = allowed_task_types || ARRAY(SELECT unnest($task_types) EXCEPT SELECT unnest(allowed_task_types)),
           allowed_data_types = allowed_data_types || ARRAY(SELECT unnest($data_types) EXCEPT SELECT unnest(allowed_data_types)),
           allowed_categories = allowed_categories || ARRAY(SELECT unnest($categories) EXCEPT SELECT unnest(allowed_categories)), updated_at = now()
     WHERE id = $id AND EXISTS (SELECT FROM live_grants l WHERE l.id = $id)`,
});

/** Marks a grant as revoked. Returns when it was first revoked; no row if it is unknown. */
export const markRevoked = statement({
  name: "grant.mark-revoked",
  limit: "money",
  params: { id: uuid },
  row: { revoked_at: timestamp },
  text: "UPDATE grants SET revoked_at = coalesce(revoked_at, now()), undo_until = NULL WHERE id = $id RETURNING revoked_at",
});

/**
 * Revokes the user's grant, or all of them (`id` null), so that it can be undone for a while. Nothing else changes before that
 * time is over. Grants that aren't live stay as they are.
 */
export const markStopped = statement({
  name: "grant.mark-stopped",
  limit: "money",
  params: { id: nullable(uuid), user_id: uuid, seconds: integer },
  row: { id: uuid, undo_until: timestamp },
  text: `
    UPDATE grants SET revoked_at = now(), undo_until = now() + make_interval(secs => $seconds)
     WHERE id IN (SELECT id FROM grants WHERE user_id = $user_id AND ($id IS NULL OR id = $id) AND revoked_at IS NULL AND expires_at > now()
                   ORDER BY id FOR NO KEY UPDATE)
    RETURNING id, undo_until`,
});

/** Makes a stopped grant live again. Writes no row when the time for it is over. */
export const undoStopped = statement({
  name: "grant.undo-stopped",
  limit: "money",
  params: { id: uuid, user_id: uuid },
  row: {},
  text: `
    UPDATE grants SET revoked_at = NULL, undo_until = NULL
     WHERE id = $id AND user_id = $user_id AND revoked_at IS NOT NULL AND undo_until > now()`,
});

/** Takes stopped grants whose time for undoing is over, one of them for each caller. */
export const takeStopped = statement({
  name: "grant.take-stopped",
  limit: "job",
  params: {},
  row: { id: uuid },
  text: `
    UPDATE grants SET undo_until = NULL
     WHERE id = (SELECT id FROM grants WHERE undo_until <= now() ORDER BY undo_until LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id`,
});

/** Whether the grant of a user and an agent was stopped just now. From then on, it can't be undone. */
export const endUndo = statement({
  name: "grant.end-undo",
  limit: "money",
  params: { user_id: uuid, agent_id: uuid },
  row: { id: uuid },
  text: `
    UPDATE grants SET undo_until = NULL
     WHERE user_id = $user_id AND agent_id = $agent_id AND undo_until IS NOT NULL RETURNING id`,
});

/**
 * Suspends a grant if its sessions have made `limit` violations of this kind within the window. Writes no row if
 * not, or if it is suspended or revoked already.
 */
export const suspendGrantAtLimit = statement({
  name: "grant.suspend-at-limit",
  limit: "money",
  params: { id: uuid, kind: text, limit: bigint, window_seconds: integer, reason: text },
  row: {},
  text: `
    UPDATE grants SET suspended_at = now(), suspended_reason = $reason
     WHERE id = $id AND suspended_at IS NULL AND revoked_at IS NULL
       AND (SELECT count(*) FROM session_violations v
             WHERE v.grant_id = $id AND v.kind = $kind AND v.created_at > now() - make_interval(secs => $window_seconds)) >= $limit`,
});

/**
 * Resumes the grant of a session. Returns whether it was suspended; no row if the session is unknown. A revoked grant
 * stays as it is. During an upgrade, the release before suspends only the session.
 */
export const resumeGrantOfSession = statement({
  name: "grant.resume",
  limit: "money",
  params: { session_id: uuid },
  row: { id: uuid, suspended: boolean },
  text: `
    WITH present AS (
      SELECT g.id, coalesce(g.suspended_at, s.suspended_at) IS NOT NULL AND g.revoked_at IS NULL AS suspended
        FROM agent_sessions s JOIN grants g ON g.id = s.grant_id WHERE s.id = $session_id FOR NO KEY UPDATE OF g
    ), resumed AS (
      UPDATE grants g SET suspended_at = NULL, suspended_reason = NULL FROM present WHERE g.id = present.id AND present.suspended
    )
    SELECT id, suspended FROM present`,
});

/** Resumes a suspended grant. Writes no row if it isn't suspended, or was revoked. */
export const resumeSuspended = statement({
  name: "grant.resume-suspended",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `
    UPDATE grants SET suspended_at = NULL, suspended_reason = NULL
     WHERE id = $id AND suspended_at IS NOT NULL AND revoked_at IS NULL`,
});

/** Suspended grants that aren't over, the longest suspended first, and how many there are in all. Whose they are isn't said. */
export const listSuspended = statement({
  name: "grant.list-suspended",
  limit: "read",
  params: { limit: integer },
  row: {
    id: uuid,
    agent: text,
    suspended_at: timestamp,
    reason: nullable(text),
    live_sessions: integer,
    total: bigint,
  },
  text: `
    WITH suspended AS (
      SELECT id, agent_id, suspended_at, suspended_reason FROM grants
       WHERE suspended_at IS NOT NULL AND revoked_at IS NULL AND expires_at > now()
    )
    SELECT g.id, a.name AS agent, g.suspended_at, g.suspended_reason AS reason,
           (SELECT count(*) FROM agent_sessions s WHERE s.grant_id = g.id AND s.revoked_at IS NULL AND s.expires_at > now())::integer AS live_sessions,
           (SELECT count(*) FROM suspended) AS total
      FROM suspended g JOIN agents a ON a.id = g.agent_id
     ORDER BY g.suspended_at, g.id LIMIT $limit`,
});

/** The user's grants that are live, suspended or stopped just now, and those that ended lately, the newest first. */
export const listOwnGrants = (db: Queries, userId: string, most: number) =>
  db.grant.findMany({
    where: { userId },
    include: {
      agent: { select: { name: true, status: true, clientHost: true, owner: OWNER } },
      budgetAccount: true,
    },
    orderBy: [{ updatedAt: "desc" }, { id: "asc" }],
    take: most,
  });
