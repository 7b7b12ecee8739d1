import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { ListAgentsInput, ListAgentsOutput } from "./schema.ts";
import { searchAgents } from "./store.ts";

/** Lists agents, newest first. `q` looks in their names. */
export async function listAgents(
  { db }: Pick<Deps, "db">,
  { q, status, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListAgentsInput>,
): Promise<z.infer<typeof ListAgentsOutput>> {
  const [agents, total] = await searchAgents(db, { q, status }, { offset, limit });
  return {
    agents: agents.map((agent) => ({
      agent_id: agent.id,
      name: agent.name,
      status: agent.status as "active" | "disabled",
      users: agent._count.liveGrants,
      created_at: agent.createdAt.toISOString(),
      revoked_at: agent.revokedAt?.toISOString() ?? null,
    })),
    total_count: total,
    offset,
    limit,
  };
}
