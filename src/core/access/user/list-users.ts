import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { ListUsersInput, ListUsersOutput } from "./schema.ts";
import { searchUsers } from "./store.ts";

/** Lists users, newest first. `q` looks in their e-mail addresses. */
export async function listUsers(
  { db }: Pick<Deps, "db">,
  { q, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListUsersInput>,
): Promise<z.infer<typeof ListUsersOutput>> {
  const [users, total] = await searchUsers(db, q, { offset, limit });
  return {
    users: users.map((user) => ({
      user_id: user.id,
      email: user.email ?? "",
      region: user.region,
      roles: user.roles,
      tools_used: user.toolsUsed,
      agents: user.liveGrants.map(({ grant, agent }) => ({
        grant_id: grant.id,
        agent_id: agent.id,
        name: agent.name,
      })),
      created_at: user.createdAt.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
  };
}
