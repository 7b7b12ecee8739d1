import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { endApprovalsOfGrant } from "../approval/index.ts";
import { deleteRecordsOfGrants } from "../oauth-record/index.ts";
import { revokeSessionsOfGrant } from "../session/index.ts";
import type { StopAgentInput, StopAgentOutput, StopAllAgentsOutput, UndoStopOutput } from "./schema.ts";
import { findOwnGrant, markStopped, takeStopped, undoStopped } from "./store.ts";

/** How long the user can undo a stop. */
const UNDO_SECONDS = 10;

type Context = Pick<Deps, "db" | "sql" | "log"> & { actor: UserActor };

/**
 * Stops an agent for its user: the grant is revoked at once, so the very next call of its sessions is refused. For ten seconds
 * the user can undo it.
 * @throws AppError `not_found`; `conflict` if the grant isn't live
 */
export async function stopAgent(
  ctx: Context,
  input: z.infer<typeof StopAgentInput>,
): Promise<z.infer<typeof StopAgentOutput>> {
  const id = requireId(input.grant_id, "grant");
  if ((await findOwnGrant(ctx.db, id, ctx.actor.userId)) === null) throw notFound("grant");
  const [stopped] = await stop(ctx, id);
  if (stopped === undefined)
    throw new AppError("conflict", { message: "This agent may do nothing already." });
  return { undo_until: stopped.undo_until.toISOString() };
}

/** Stops all agents of the user. */
export async function stopAllAgents(ctx: Context): Promise<z.infer<typeof StopAllAgentsOutput>> {
  const stopped = await stop(ctx, null);
  return {
    grant_ids: stopped.map(({ id }) => id),
    undo_until: stopped[0]?.undo_until.toISOString() ?? null,
  };
}

async function stop({ sql, log, actor }: Context, id: string | null) {
  const stopped = await markStopped.all(sql, { id, user_id: actor.userId, seconds: UNDO_SECONDS });
  for (const grant of stopped)
    log.info({ event: "grant_stopped", grant_id: grant.id }, "agent stopped by its user");
  return stopped;
}

/**
 * Undoes a stop: the grant and its sessions are live again, as they were.
 * @throws AppError `conflict` if the time for it is over
 */
export async function undoStop(
  { sql, log, actor }: Context,
  input: z.infer<typeof StopAgentInput>,
): Promise<z.infer<typeof UndoStopOutput>> {
  const id = requireId(input.grant_id, "grant");
  if ((await undoStopped.count(sql, { id, user_id: actor.userId })) === 0)
    throw new AppError("conflict", { message: "It is too late to undo this. The agent can ask you again." });
  log.info({ event: "grant_stop_undone", grant_id: id }, "stop undone by the user");
  return { grant_id: id };
}

/** Ends the sessions and approvals of a grant whose stop can't be undone any more. Returns whether there was one. */
export const finishStop = ({ sql }: Pick<Deps, "sql">): Promise<boolean> =>
  sql.transaction(async (tx) => {
    const grant = await takeStopped.first(tx, {});
    if (grant === undefined) return false;
    await revokeSessionsOfGrant.count(tx, { grant_id: grant.id });
    await deleteRecordsOfGrants.count(tx, { grant_ids: [grant.id] });
    await endApprovalsOfGrant.count(tx, { grant_id: grant.id });
    return true;
  });
