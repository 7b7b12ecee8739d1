import type { Queries } from "../../ports/database.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { sessionSuspended } from "./authenticate-session.ts";
import type { LiveGrant } from "./store.ts";
import { findNewestSession } from "./suspension-store.ts";

/**
 * Refuses to open a session under a suspended grant (R7.5).
 * @param again the call to repeat once the user has resumed the grant
 * @throws AppError `session_suspended`
 */
export async function requireNotSuspended(db: Queries, grant: LiveGrant, again: NextAction): Promise<void> {
  const { suspendedAt, suspendedReason: reason } = grant;
  const session = suspendedAt === null ? null : await findNewestSession(db, grant.id);
  if (suspendedAt === null || session === null) return;
  throw sessionSuspended({ sessionId: session.id, suspendedAt, reason }, [again]);
}
