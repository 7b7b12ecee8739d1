import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { Sql, SqlPool } from "../../ports/sql.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { findOwnGrant, resumeGrantOfSession, resumeSuspended } from "../grant/index.ts";
import { resumeSessionsOfGrant } from "../session/index.ts";
import type {
  ResumeAgentInput,
  ResumeAgentOutput,
  ResumeSessionInput,
  ResumeSessionOutput,
} from "./schema.ts";
import { deleteViolationsOfGrant } from "./store.ts";

/** Resumes a suspended grant with its sessions. @throws AppError `conflict` if it isn't suspended, was revoked, or isn't there */
const resumeGrant = (sql: SqlPool, grantId: string): Promise<void> =>
  sql.transaction(async (tx) => {
    if ((await resumeSuspended.count(tx, { id: grantId })) === 0)
      throw new AppError("conflict", { message: "This agent isn't suspended." });
    await resumeSessions(tx, grantId);
  });

/** Resumes the sessions of a grant that was resumed, and counts their violations from 0 again. */
async function resumeSessions(tx: Sql, grantId: string): Promise<void> {
  await resumeSessionsOfGrant.count(tx, { grant_id: grantId });
  await deleteViolationsOfGrant.count(tx, { grant_id: grantId });
}

/**
 * Resumes a suspended session for its user, and with it its grant and all other sessions of the grant (R7.5). Their
 * violations are counted from 0 again. A session that has ended resumes the others, and stays ended.
 * @throws AppError `not_found`; `conflict` for a session that isn't suspended, or whose grant was revoked
 */
export async function resumeSession(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof ResumeSessionInput>,
): Promise<z.infer<typeof ResumeSessionOutput>> {
  const sessionId = requireId(input.session_id, "session");
  const grantId = await sql.transaction(async (tx) => {
    const grant = await resumeGrantOfSession.first(tx, { session_id: sessionId });
    if (grant === undefined) throw notFound("session");
    if (!grant.suspended) throw new AppError("conflict", { message: "This session isn't suspended." });
    await resumeSessions(tx, grant.id);
    return grant.id;
  });
  log.info({ event: "session_resumed", session_id: sessionId, grant_id: grantId }, "session resumed");
  return { session_id: sessionId, resumed: true };
}

/**
 * Resumes a suspended grant of the user who is signed in, as `resumeSession`.
 * @throws AppError `not_found`; `conflict` for a grant that isn't suspended, or was revoked
 */
export async function resumeAgent(
  { db, sql, log, actor }: Pick<Deps, "db" | "sql" | "log"> & { actor: UserActor },
  input: z.infer<typeof ResumeAgentInput>,
): Promise<z.infer<typeof ResumeAgentOutput>> {
  const id = requireId(input.grant_id, "grant");
  if ((await findOwnGrant(db, id, actor.userId)) === null) throw notFound("grant");
  await resumeGrant(sql, id);
  log.info({ event: "grant_resumed", grant_id: id }, "grant resumed by its user");
  return { grant_id: id };
}

/**
 * Lifts the suspension of any grant, as `resumeSession` does: for operators, who don't see whose it is.
 * @throws AppError `not_found` for a malformed id; `conflict` for a grant that isn't suspended, was revoked, or isn't there
 */
export async function liftSuspension(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof ResumeAgentInput>,
): Promise<z.infer<typeof ResumeAgentOutput>> {
  const id = requireId(input.grant_id, "grant");
  await resumeGrant(sql, id);
  log.info({ event: "grant_resumed", grant_id: id }, "grant resumed by an operator");
  return { grant_id: id };
}
