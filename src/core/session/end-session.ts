import type { z } from "zod";
import type { Deps, SessionActor } from "../context.ts";
import { AppError, notFound } from "../errors.ts";
import { requireId } from "../fields.ts";
import type { ResumeSessionInput, ResumeSessionOutput, RevokeSessionOutput } from "./schema.ts";
import * as store from "./store.ts";

/** Ends the caller's own session; the very next call with its token is refused. */
export async function revokeSession({
  db,
  log,
  actor,
}: Pick<Deps, "db" | "log"> & { actor: SessionActor }): Promise<z.infer<typeof RevokeSessionOutput>> {
  const revokedAt = await store.revokeSession(db, actor.sessionId);
  log.info({ event: "session_revoked", session_id: actor.sessionId }, "session revoked");
  return { revoked: true, revoked_at: revokedAt.toISOString() };
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
