import type { AgentActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { bytes, integer, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { SqlPool } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { MintedToken } from "../credential/index.ts";

export async function insertAgent(db: Queries, name: string, key: MintedToken): Promise<{ id: string }> {
  return db.agent.create({
    data: { name, apiKeys: { create: { keyHash: key.hash, hint: key.hint } } },
    select: { id: true },
  });
}

/** Returns the agent of a key that is not revoked and not expired. A revoked agent is not found. */
export async function findAgentByKey(
  db: Queries,
  keyHash: Uint8Array<ArrayBuffer>,
): Promise<(AgentActor & { lastUsedAt: Date | null }) | undefined> {
  const key = await db.liveAgentKey.findUnique({ where: { keyHash } });
  if (key === null) return undefined;
  return { kind: "agent", agentId: key.agentId, apiKeyId: key.id, lastUsedAt: key.lastUsedAt };
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

/** One page of agents, newest first, and how many there are in all. */
export function searchAgents(
  db: Queries,
  { q, status }: { q: string | undefined; status: string | undefined },
  { offset, limit }: { offset: number; limit: number },
) {
  const where = {
    ...(q !== undefined && { name: { contains: q, mode: "insensitive" as const } }),
    ...(status !== undefined && { status }),
  };
  return Promise.all([
    db.agent.findMany({
      where,
      include: { _count: { select: { liveGrants: true } } },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      skip: offset,
      take: limit,
    }),
    db.agent.count({ where }),
  ]);
}

const lockActive = statement({
  name: "agent.lock-active",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM agents WHERE id = $id AND status = 'active' FOR UPDATE",
});

/** Ends all live keys of an agent after the overlap. An overlap of 0 revokes them. */
export const limitKeys = statement({
  name: "agent.limit-keys",
  limit: "money",
  params: { agent_id: uuid, overlap_seconds: integer },
  row: {},
  text: `
    UPDATE agent_api_keys SET expires_at = least(expires_at, now() + make_interval(secs => $overlap_seconds)),
           revoked_at = CASE WHEN $overlap_seconds = 0 THEN now() END
     WHERE agent_id = $agent_id AND revoked_at IS NULL`,
});

const insertKey = statement({
  name: "agent.insert-key",
  limit: "money",
  params: { agent_id: uuid, key_hash: bytes, hint: text, overlap_seconds: integer },
  row: { id: uuid, previous_end_at: timestamp },
  text: `
    INSERT INTO agent_api_keys (agent_id, key_hash, hint) VALUES ($agent_id, $key_hash, $hint)
    RETURNING id, now() + make_interval(secs => $overlap_seconds) AS previous_end_at`,
});

/**
 * Adds a key to an active agent. The earlier keys expire after the overlap; an overlap of 0 revokes them.
 * Returns undefined if there is no such active agent. The agent's row is locked first. So if several rotations
 * run at once, each one also ends the keys of the rotations before it.
 */
export async function rotateKey(
  sql: SqlPool,
  agentId: string,
  { hash, hint }: MintedToken,
  overlapSeconds: number,
): Promise<RowOf<typeof insertKey> | undefined> {
  return sql.transaction(async (tx) => {
    if ((await lockActive.first(tx, { id: agentId })) === undefined) return undefined;
    const overlap = { agent_id: agentId, overlap_seconds: overlapSeconds };
    await limitKeys.count(tx, overlap);
    return insertKey.one(tx, { ...overlap, key_hash: hash, hint });
  });
}

/** Revokes a key. Returns when it was first revoked; no row if the agent has no such key. */
export const revokeKey = statement({
  name: "agent.revoke-key",
  limit: "money",
  params: { agent_id: uuid, id: uuid },
  row: { revoked_at: timestamp },
  text: `
    UPDATE agent_api_keys SET revoked_at = coalesce(revoked_at, now())
     WHERE id = $id AND agent_id = $agent_id RETURNING revoked_at`,
});

/**
 * Disables an agent and revokes its keys. Its sessions end with it, because every session check reads the agent's status.
 * Returns when it was first disabled; no row if it is unknown.
 */
export const disableAgent = statement({
  name: "agent.disable",
  limit: "money",
  params: { id: uuid },
  row: { revoked_at: timestamp },
  text: `
    WITH agent AS (
      UPDATE agents SET status = 'disabled', revoked_at = coalesce(revoked_at, now()) WHERE id = $id RETURNING id, revoked_at
    ), keys AS (
      UPDATE agent_api_keys k SET revoked_at = agent.revoked_at FROM agent
       WHERE k.agent_id = agent.id AND k.revoked_at IS NULL
    )
    SELECT revoked_at FROM agent`,
});
