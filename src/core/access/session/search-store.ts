import type { Queries } from "../../ports/database.ts";
import type { SessionStatus } from "./schema.ts";

/** The conditions of each status on the view `session_states`. */
const STATUS = {
  live: { revoked: false, expired: false, suspendedAt: null },
  suspended: { revoked: false, expired: false, suspendedAt: { not: null } },
  expired: { revoked: false, expired: true },
  revoked: { revoked: true },
} as const satisfies Record<SessionStatus, object>;

export type SessionRecord = Awaited<ReturnType<typeof searchSessions>>[0][number];

/** One page of sessions, newest first, with their agents and users; and how many there are in all. */
export function searchSessions(
  db: Queries,
  { q, status }: { q: string | undefined; status: SessionStatus | undefined },
  { offset, limit }: { offset: number; limit: number },
) {
  const text = { contains: q ?? "", mode: "insensitive" as const };
  const where = {
    ...(status !== undefined && STATUS[status]),
    ...(q !== undefined && { OR: [{ agent: { name: text } }, { user: { email: text } }] }),
  };
  return Promise.all([
    db.sessionState.findMany({
      where,
      omit: { tokenHash: true },
      include: {
        agent: { select: { name: true } },
        user: { select: { email: true } },
        session: { select: { createdAt: true } },
      },
      orderBy: [{ session: { createdAt: "desc" } }, { id: "desc" }],
      skip: offset,
      take: limit,
    }),
    db.sessionState.count({ where }),
  ]);
}
