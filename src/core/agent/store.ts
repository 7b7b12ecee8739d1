import type { AgentActor } from "../context.ts";
import type { MintedToken } from "../credential/index.ts";
import type { Queries } from "../ports.ts";

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
