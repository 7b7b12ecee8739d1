import type { AgentActor } from "../../context.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { MintedToken } from "../credential/index.ts";

export async function insertAgent(db: Queries, name: string, key: MintedToken): Promise<{ id: string }> {
  return db.agent.create({
    data: { name, apiKeys: { create: { keyHash: key.hash, hint: key.hint } } },
    select: { id: true },
  });
}

/** Returns the agent of a key that is not revoked and not expired. A revoked agent is not found. */
export async function findAgentByKey(db: Queries, keyHash: Uint8Array): Promise<AgentActor | undefined> {
  const rows = await db.$queryRaw<{ agent_id: string; key_id: string }[]>`
    SELECT k.agent_id, k.id AS key_id
      FROM agent_api_keys k JOIN agents a ON a.id = k.agent_id
     WHERE k.key_hash = ${keyHash} AND k.revoked_at IS NULL AND a.status = 'active'
       AND (k.expires_at IS NULL OR k.expires_at > now())`;
  const row = rows[0];
  return row && { kind: "agent", agentId: row.agent_id, apiKeyId: row.key_id };
}

const MAX_KEYS_LISTED = 100;

export async function listKeys(
  db: Queries,
  agentId: string,
): Promise<{ id: string; hint: string; createdAt: Date; expiresAt: Date | null; revokedAt: Date | null }[]> {
  return db.agentApiKey.findMany({
    where: { agentId },
    select: { id: true, hint: true, createdAt: true, expiresAt: true, revokedAt: true },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: MAX_KEYS_LISTED,
  });
}

/**
 * Adds a key to an active agent. The earlier keys expire after the overlap; an overlap of 0 revokes them.
 * Returns undefined if there is no such active agent. The agent's row is locked first. So if several rotations
 * run at once, each one also ends the keys of the rotations before it.
 */
export async function rotateKey(
  db: Database,
  agentId: string,
  key: MintedToken,
  overlapSeconds: number,
): Promise<{ id: string; previous_end_at: Date } | undefined> {
  return db.$transaction(async (tx) => {
    const active = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM agents WHERE id = ${agentId}::uuid AND status = 'active' FOR UPDATE`;
    if (active.length === 0) return undefined;
    await tx.$executeRaw`
      UPDATE agent_api_keys SET expires_at = least(expires_at, now() + make_interval(secs => ${overlapSeconds}::int)),
             revoked_at = CASE WHEN ${overlapSeconds}::int = 0 THEN now() END
       WHERE agent_id = ${agentId}::uuid AND revoked_at IS NULL`;
    const rows = await tx.$queryRaw<{ id: string; previous_end_at: Date }[]>`
      INSERT INTO agent_api_keys (agent_id, key_hash, hint) VALUES (${agentId}::uuid, ${key.hash}, ${key.hint})
      RETURNING id, now() + make_interval(secs => ${overlapSeconds}::int) AS previous_end_at`;
    return rows[0];
  });
}

/** Revokes a key. Returns when it was first revoked, or undefined if the agent has no such key. */
export async function revokeKey(db: Queries, agentId: string, keyId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    UPDATE agent_api_keys SET revoked_at = coalesce(revoked_at, now())
     WHERE id = ${keyId}::uuid AND agent_id = ${agentId}::uuid RETURNING revoked_at`;
  return rows[0]?.revoked_at;
}

/**
 * Revokes an agent, its keys and its open approvals in one statement. Its sessions end with it, because every
 * session check reads the agent's status. Returns when it was first revoked, or undefined if it is unknown.
 */
export async function revokeAgent(db: Queries, agentId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    WITH agent AS (
      UPDATE agents SET status = 'disabled', revoked_at = coalesce(revoked_at, now())
       WHERE id = ${agentId}::uuid RETURNING id, revoked_at
    ), keys AS (
      UPDATE agent_api_keys k SET revoked_at = agent.revoked_at FROM agent
       WHERE k.agent_id = agent.id AND k.revoked_at IS NULL
    ), open_approvals AS (
      UPDATE approvals q SET status = 'expired' FROM agent
       WHERE q.agent_id = agent.id AND q.status IN ('pending', 'approved')
    )
    SELECT revoked_at FROM agent`;
  return rows[0]?.revoked_at;
}
