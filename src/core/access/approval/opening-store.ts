import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  bytes,
  integer,
  json,
  nullable,
  oneOf,
  text,
  timestamp,
  uuid,
} from "../../ports/sql-types.ts";
import type { SqlPool } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import { AppError } from "../../protocol/errors.ts";
import type { ApprovalKind } from "./schema.ts";

/** Returns the agent's open approval with this request digest. */
export const findOpenApproval = (db: Queries, agentId: string, requestDigest: Uint8Array<ArrayBuffer>) =>
  db.openApproval.findFirst({ where: { agentId, requestDigest } });

const expireOverdue = statement({
  name: "approval.expire-overdue",
  limit: "money",
  params: { agent_id: uuid, request_digest: bytes },
  row: {},
  text: `
    UPDATE approvals SET status = 'expired'
     WHERE agent_id = $agent_id AND request_digest = $request_digest AND status = 'pending' AND expires_at <= now()`,
});

const insertOrFind = statement({
  name: "approval.insert",
  limit: "money",
  params: {
    id: uuid,
    kind: oneOf<ApprovalKind>(),
    agent_id: uuid,
    user_id: nullable(uuid),
    grant_id: nullable(uuid),
    session_id: nullable(uuid),
    user_code_hash: bytes,
    requested: json<Record<string, unknown>>(),
    asked_from: nullable(text),
    authorization_id: nullable(text),
    returns_to: nullable(text),
    request_digest: bytes,
    seconds: integer,
  },
  row: { id: uuid, expires_at: timestamp },
  text: `
    INSERT INTO approvals (id, kind, agent_id, user_id, grant_id, agent_session_id, user_code_hash, requested, asked_from, authorization_id,
                           returns_to, code_entered_at, request_digest, expires_at)
    VALUES ($id, $kind, $agent_id, $user_id, $grant_id, $session_id, $user_code_hash, $requested, $asked_from, $authorization_id,
            $returns_to, CASE WHEN $authorization_id IS NOT NULL THEN now() END, $request_digest, now() + make_interval(secs => $seconds))
    ON CONFLICT (agent_id, request_digest) WHERE status = 'pending' DO UPDATE SET request_digest = excluded.request_digest
    RETURNING id, expires_at`,
});

const lockUser = statement({
  name: "approval.lock-user",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM users WHERE id = $id AND deleted_at IS NULL FOR NO KEY UPDATE",
});

const countOpen = statement({
  name: "approval.count-open",
  limit: "money",
  params: { user_id: uuid, agent_id: uuid, request_digest: bytes },
  row: { of_user: bigint, of_agent: bigint },
  text: `
    SELECT count(*) AS of_user, count(*) FILTER (WHERE agent_id = $agent_id) AS of_agent
      FROM open_approvals WHERE user_id = $user_id AND NOT (agent_id = $agent_id AND request_digest = $request_digest)`,
});

/**
 * Inserts an approval, or returns the open one with the same request digest. The unique index allows one open
 * approval for each digest, so parallel calls get the same approval. Returns undefined if too many others are open that
 * wait for the same user: of all agents, or of this one. The user's row is locked, so parallel calls count each other.
 */
export async function insertApproval(
  sql: SqlPool,
  approval: Parameters<typeof insertOrFind.one>[1],
  most: { ofUser: number; ofAgent: number },
): Promise<RowOf<typeof insertOrFind> | undefined> {
  const { agent_id, user_id, request_digest } = approval;
  return sql.transaction(async (tx) => {
    if (user_id !== null) {
      if ((await lockUser.first(tx, { id: user_id })) === undefined) throw new AppError("session_revoked");
      const open = await countOpen.one(tx, { user_id, agent_id, request_digest });
      if (open.of_user >= most.ofUser || open.of_agent >= most.ofAgent) return undefined;
    }
    await expireOverdue.count(tx, { agent_id, request_digest });
    return insertOrFind.one(tx, approval);
  });
}

/** Notes that another session of the grant asks the same question. What is approved is added to its scopes, too. */
export const addAskingSession = statement({
  name: "approval.add-asking-session",
  limit: "money",
  params: { id: uuid, session_id: uuid },
  row: {},
  text: `
    UPDATE approvals SET asking_session_ids = array_append(asking_session_ids, $session_id)
     WHERE id = $id AND status = 'pending' AND NOT ($session_id = ANY(asking_session_ids))`,
});
