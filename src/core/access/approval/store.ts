import type { ApprovalState } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { boolean, bytes, integer, json, nullable, oneOf, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import { shareUser } from "../user/index.ts";
import type { ApprovalKind } from "./schema.ts";

/** An approval. One that is still pending when its time is over counts as expired. */
export type ApprovalRow = Omit<ApprovalState, "kind" | "status"> & {
  kind: ApprovalKind;
  status: "pending" | "approved" | "denied" | "expired";
};

/** Returns an approval of this agent. */
export async function findApproval(
  db: Queries,
  id: string,
  agentId: string,
): Promise<ApprovalRow | undefined> {
  const approval = await db.approvalState.findUnique({ where: { id, agentId } });
  return (approval ?? undefined) as ApprovalRow | undefined;
}

/** Returns the schema of a service's input, for the call that an approval leads back to. */
export async function findInputSchema(db: Queries, serviceKey: string): Promise<unknown> {
  const api = await db.sponsoredApi.findUnique({ where: { serviceKey }, select: { inputSchema: true } });
  return api?.inputSchema;
}

/** Returns the terms of a grant, live or not, and what is left of it. */
export const findGranted = (db: Queries, grantId: string) =>
  db.grantRecord.findUnique({ where: { id: grantId } });

const shareAgent = statement({
  name: "approval.share-agent",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM agents WHERE id = (SELECT agent_id FROM approvals WHERE id = $id) FOR SHARE",
});

const lockGrant = statement({
  name: "approval.lock-grant",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM grants WHERE id = (SELECT grant_id FROM approvals WHERE id = $id) FOR NO KEY UPDATE",
});

/** Not by the view `approval_states`: after waiting for the lock, PostgreSQL reads only the locked row again. */
const lockPending = statement({
  name: "approval.lock",
  limit: "money",
  params: { id: uuid },
  row: {
    id: uuid,
    kind: oneOf<ApprovalKind>(),
    agent_id: uuid,
    user_id: nullable(uuid),
    grant_id: nullable(uuid),
    /** The sessions that asked. */
    asking_session_ids: uuids,
    requested: json(),
    status: oneOf<ApprovalRow["status"]>(),
    overdue: boolean,
    user_code_hash: bytes,
    code_entered: boolean,
    wrong_codes: integer,
    grant_live: boolean,
  },
  text: `
    SELECT id, kind, agent_id, user_id, grant_id, array_remove(array_append(asking_session_ids, agent_session_id), NULL) AS asking_session_ids,
           requested, status, expires_at <= now() AS overdue, user_code_hash, code_entered_at IS NOT NULL AS code_entered, wrong_codes,
           EXISTS (SELECT FROM live_grants l WHERE l.id = grant_id) AS grant_live
      FROM approvals WHERE id = $id FOR UPDATE`,
});

/** An approval that is locked. `grant_live`: its grant is neither revoked nor expired. */
export type LockedApproval = RowOf<typeof lockPending>;

/**
 * Returns an approval and locks it until the transaction ends, so it is decided once. Its agent, the user who decides and its
 * grant are locked first: revoking an agent or a grant and deleting an account lock in the same order, so they can't deadlock.
 * Undefined also if the user is unknown or deleted.
 */
export async function lockApproval(
  sql: Sql,
  id: string,
  userId: string,
): Promise<LockedApproval | undefined> {
  await shareAgent.all(sql, { id });
  if ((await shareUser.first(sql, { id: userId })) === undefined) return undefined;
  await lockGrant.all(sql, { id });
  const approval = await lockPending.first(sql, { id });
  return approval?.status === "pending" && approval.overdue ? { ...approval, status: "expired" } : approval;
}

/** The user's live grant for the agent. */
export const findStandingGrant = statement({
  name: "approval.find-standing-grant",
  limit: "money",
  params: { user_id: uuid, agent_id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM live_grants WHERE user_id = $user_id AND agent_id = $agent_id",
});

/** Binds an approval to the person who entered its code. */
export const bindToUser = statement({
  name: "approval.bind-to-user",
  limit: "money",
  params: { id: uuid, user_id: uuid },
  row: {},
  text: "UPDATE approvals SET user_id = $user_id, code_entered_at = now() WHERE id = $id",
});

/** Counts a wrong code. The last one that is allowed ends the approval. */
export const countWrongCode = statement({
  name: "approval.count-wrong-code",
  limit: "money",
  params: { id: uuid, most: integer },
  row: { wrong_codes: integer },
  text: `
    UPDATE approvals SET wrong_codes = wrong_codes + 1, status = CASE WHEN wrong_codes + 1 >= $most THEN 'expired' ELSE status END
     WHERE id = $id RETURNING wrong_codes`,
});

export const recordDecision = statement({
  name: "approval.decide",
  limit: "money",
  params: {
    id: uuid,
    status: oneOf("approved", "denied"),
    user_id: uuid,
    grant_id: nullable(uuid),
    granted: nullable(json<Record<string, unknown>>()),
  },
  row: {},
  text: `
    UPDATE approvals SET status = $status, user_id = $user_id, grant_id = coalesce($grant_id, grant_id), granted = $granted, decided_at = now()
     WHERE id = $id`,
});

/**
 * Ends the approvals that change a grant or let it pay more. So after the grant is replaced or revoked, no approved budget of its
 * old terms is left. The approvals are locked in the order of their ids: the next statement may want the same ones.
 */
export const endApprovalsOfGrant = statement({
  name: "approval.end-of-grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: `
    UPDATE approvals SET status = 'expired'
     WHERE id IN (SELECT id FROM approvals
                   WHERE grant_id = $grant_id AND kind IN ('budget', 'data', 'combined') AND status IN ('pending', 'approved')
                   ORDER BY id FOR UPDATE)`,
});

/** Ends all approvals of an agent, so that nobody can approve anything for it any more. */
export const endApprovalsOfAgent = statement({
  name: "approval.end-of-agent",
  limit: "money",
  params: { agent_id: uuid },
  row: {},
  text: `
    UPDATE approvals SET status = 'expired'
     WHERE id IN (SELECT id FROM approvals WHERE agent_id = $agent_id AND status IN ('pending', 'approved') ORDER BY id FOR UPDATE)`,
});

/** Lists up to 20 open approvals of a grant, oldest first, for the flow status. */
export const listOpenApprovals = (db: Queries, grantId: string) =>
  db.openApproval.findMany({ where: { grantId }, orderBy: [{ createdAt: "asc" }, { id: "asc" }], take: 20 });

/** Returns a GPT sign-in of this agent. */
export async function findSignIn(db: Queries, id: string, agentId: string): Promise<ApprovalRow | undefined> {
  const approval = await findApproval(db, id, agentId);
  return approval?.kind === "gpt_sign_in" ? approval : undefined;
}

/**
 * Marks an approved sign-in as used. Returns its request; no row if it was used before, isn't
 * approved, or has expired.
 */
export const takeSignIn = statement({
  name: "approval.take-sign-in",
  limit: "money",
  params: { id: uuid, agent_id: uuid },
  row: { requested: json() },
  text: `
    UPDATE approvals SET consumed_at = now()
     WHERE id = $id AND agent_id = $agent_id AND kind = 'gpt_sign_in' AND status = 'approved'
       AND consumed_at IS NULL AND expires_at > now() AND grant_id IS NOT NULL
    RETURNING requested`,
});

/** An approved, unused budget that covers a run of this service: the smallest one. Returns its approval's id. */
export async function findApprovedBudget(
  db: Queries,
  grantId: string,
  serviceKey: string,
  costMicros: bigint,
): Promise<string | undefined> {
  const budget = await db.approvedBudget.findFirst({
    where: { grantId, serviceKey, amountMicros: { gte: costMicros } },
    orderBy: [{ amountMicros: "asc" }, { createdAt: "asc" }],
    select: { id: true },
  });
  return budget?.id;
}
