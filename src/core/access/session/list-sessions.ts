import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { toWire } from "../scope/index.ts";
import type { SessionRecord } from "./search-store.ts";
import { searchSessions } from "./search-store.ts";
import type { ListSessionsInput, ListSessionsOutput, SessionStatus } from "./schema.ts";

/** Lists sessions of agents, newest first. `q` looks in the agents' names and the users' e-mail addresses. */
export async function listSessions(
  { db }: Pick<Deps, "db">,
  { q, status, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListSessionsInput>,
): Promise<z.infer<typeof ListSessionsOutput>> {
  const [sessions, total] = await searchSessions(db, { q, status }, { offset, limit });
  return {
    sessions: sessions.map((session) => ({
      session_id: session.id,
      surface: session.surface as "agent" | "gpt" | "mcp",
      status: statusOf(session),
      agent: { agent_id: session.agentId, name: session.agent.name },
      user: { user_id: session.userId, email: session.user.email },
      grant_id: session.grantId,
      scopes: toWire({
        taskTypes: session.allowedTaskTypes,
        dataTypes: session.allowedDataTypes as DataType[],
        categories: session.allowedCategories,
      }),
      remaining_cents: microsToCents(session.remaining),
      suspended_at: session.suspendedAt?.toISOString() ?? null,
      suspended_reason: session.suspendedReason,
      created_at: session.session.createdAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
  };
}

/** The same order as a call of the session is refused in. */
function statusOf({ revoked, expired, suspendedAt }: SessionRecord): SessionStatus {
  if (revoked) return "revoked";
  if (expired) return "expired";
  return suspendedAt === null ? "live" : "suspended";
}
