import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type {
  EndSessionInput,
  ResumeSessionInput,
  ResumeSessionOutput,
  RevokeSessionOutput,
} from "./schema.ts";
import * as store from "./store.ts";

/** Ends the caller's own session; the very next call with its token is refused. */
export async function revokeSession({
  db,
  log,
  actor,
}: Pick<Deps, "db" | "log"> & { actor: SessionActor }): Promise<z.infer<typeof RevokeSessionOutput>> {
  const revokedAt = (await store.revokeSession(db, actor.sessionId)) ?? new Date();
  log.info({ event: "session_revoked", session_id: actor.sessionId }, "session revoked");
  return { revoked: true, revoked_at: revokedAt.toISOString() };
}

/** Ends a session for its user, from the very next call on. Idempotent. @throws `not_found` */
export async function endSession(
  { db, log }: Pick<Deps, "db" | "log">,
  input: z.infer<typeof EndSessionInput>,
): Promise<z.infer<typeof RevokeSessionOutput>> {
  const sessionId = requireId(input.session_id, "session");
  const revokedAt = await store.revokeSession(db, sessionId);
  if (revokedAt === undefined) throw notFound("session");
  log.info({ event: "session_revoked", session_id: sessionId }, "session revoked");
  return { revoked: true, revoked_at: revokedAt.toISOString() };
}

/** Sessions whose time is over, each logged once, whichever replica sees it first. */
export async function logExpiredSessions({ db, log }: Pick<Deps, "db" | "log">): Promise<void> {
  for (const session of await store.takeExpiredSessions(db))
    log.info(
      { event: "session_expired", session_id: session.id, agent_id: session.agent_id },
      "session expired",
    );
}

/**
 * Lets a suspended session go on, for its user.
 * @throws `not_found`, and `conflict` for a session that isn't suspended.
 */
export async function resumeSession(
  { db, log }: Pick<Deps, "db" | "log">,
  input: z.infer<typeof ResumeSessionInput>,
): Promise<z.infer<typeof ResumeSessionOutput>> {
  const sessionId = requireId(input.session_id, "session");
  const was = await store.resumeSession(db, sessionId);
  if (was === undefined) throw notFound("session");
  if (was === "not_suspended") throw new AppError("conflict", { message: "This session isn't suspended." });
  log.info({ event: "session_resumed", session_id: sessionId }, "session resumed");
  return { session_id: sessionId, resumed: true };
}
