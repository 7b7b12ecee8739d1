import type { AgentActor } from "../../context.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { MintedToken } from "../credential/index.ts";

export async function insertAgent(db: Queries, name: string, key: MintedToken): Promise<{ id: string }> {
  return db.agent.create({
    data: { name, apiKeys: { create: { keyHash: key.hash, hint: key.hint } } },
    select: { id: true },
  });
}

/** The agent behind a live key: not revoked, not expired, agent active. */
export async function findAgentByKey(db: Queries, keyHash: Uint8Array): Promise<AgentActor | undefined> {
  const rows = await db.$queryRaw<{ agent_id: string; key_id: string }[]>`
    SELECT k.agent_id, k.id AS key_id
      FROM agent_api_keys k JOIN agents a ON a.id = k.agent_id
     WHERE k.key_hash = ${keyHash} AND k.revoked_at IS NULL AND a.status = 'active'
       AND (k.expires_at IS NULL OR k.expires_at > now())`;
  const row = rows[0];
  return row && { kind: "agent", agentId: row.agent_id, apiKeyId: row.key_id };
}

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
const MAX_KEYS_LISTED = 100;

/**
 * Adds a key to an active agent, and sets an end to those before it; without an overlap it revokes them. The agent is
 * locked first, so that of several at once each sees the keys of those before it.
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

export async function revokeKey(db: Queries, agentId: string, keyId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    UPDATE agent_api_keys SET revoked_at = coalesce(revoked_at, now())
     WHERE id = ${keyId}::uuid AND agent_id = ${agentId}::uuid RETURNING revoked_at`;
  return rows[0]?.revoked_at;
}

/** Revokes an agent with all its keys, and its open questions with it. Returns when, the first time it happened. */
export async function revokeAgent(db: Queries, agentId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    WITH agent AS (
      UPDATE agents SET status = 'disabled', revoked_at = coalesce(revoked_at, now())
       WHERE id = ${agentId}::uuid RETURNING id, revoked_at
    ), keys AS (
      UPDATE agent_api_keys k SET revoked_at = agent.revoked_at FROM agent
       WHERE k.agent_id = agent.id AND k.revoked_at IS NULL
    ), questions AS (
      UPDATE approvals q SET status = 'expired' FROM agent
       WHERE q.agent_id = agent.id AND q.status IN ('pending', 'approved')
    )
    SELECT revoked_at FROM agent`;
  return rows[0]?.revoked_at;
}
