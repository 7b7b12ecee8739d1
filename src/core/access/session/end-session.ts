import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { EndSessionInput, RevokeSessionOutput } from "./schema.ts";
import * as store from "./store.ts";

type Context = Pick<Deps, "sql" | "log">;
type Revoked = z.infer<typeof RevokeSessionOutput>;

/** Revokes the caller's own session. The next call with its token is refused. */
export async function revokeSession(ctx: Context & { actor: SessionActor }): Promise<Revoked> {
  const { sessionId } = ctx.actor;
  const revoked = await store.revokeSession.first(ctx.sql, { id: sessionId });
  return reportRevoked(ctx, sessionId, revoked?.revoked_at ?? new Date());
}

/**
 * Revokes a session for its user. The next call with its token is refused. Repeating it changes nothing.
 * @throws AppError `not_found`
 */
export async function endSession(ctx: Context, input: z.infer<typeof EndSessionInput>): Promise<Revoked> {
  const sessionId = requireId(input.session_id, "session");
  const revoked = await store.revokeSession.first(ctx.sql, { id: sessionId });
  if (revoked === undefined) throw notFound("session");
  return reportRevoked(ctx, sessionId, revoked.revoked_at);
}

function reportRevoked({ log }: Context, sessionId: string, revokedAt: Date): Revoked {
  log.info({ event: "session_revoked", session_id: sessionId }, "session revoked");
  return { revoked: true, revoked_at: revokedAt.toISOString() };
}

/** Logs each session that has expired. Only one replica logs each session. */
export async function logExpiredSessions({ sql, log }: Context): Promise<void> {
  for (const session of await store.markExpiredSessions.all(sql, {}))
    log.info(
      { event: "session_expired", session_id: session.id, agent_id: session.agent_id },
      "session expired",
    );
}
