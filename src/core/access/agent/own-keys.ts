import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { endApprovalsOfAgent } from "../approval/index.ts";
import { DEFAULT_OVERLAP_SECONDS, mintToken } from "../credential/index.ts";
import { clientRecord, deleteRecord } from "../oauth-record/index.ts";
import { insertKeyWithin, lockOwned } from "./owned-store.ts";
import type {
  ChangedAgentOutput,
  NewKeyOutput,
  OwnAgentInput,
  OwnKeyInput,
  RotateOwnKeyInput,
} from "./owner-schema.ts";
import { disableAgent, limitKeys, revokeKey } from "./store.ts";

type Context = Pick<Deps, "sql" | "log"> & { actor: UserActor };
type Changed = z.infer<typeof ChangedAgentOutput>;

/** Enough for each place an agent runs in, and few enough to keep an eye on. */
const MOST_LIVE_KEYS = 10;

/** Runs a change of an agent of the person's. @throws AppError `not_found` for somebody else's agent, and a retired one */
export async function changeOwned<Result>(
  { sql, actor }: Pick<Context, "sql" | "actor">,
  id: string,
  change: (tx: Sql, agentId: string) => Promise<Result>,
): Promise<Result> {
  const agentId = requireId(id, "agent");
  return sql.transaction(async (tx) => {
    if ((await lockOwned.first(tx, { id: agentId, owner_user_id: actor.userId })) === undefined)
      throw notFound("agent");
    return change(tx, agentId);
  });
}

/**
 * Adds a key beside the present ones.
 * @throws AppError `not_found`; `conflict` if the agent has too many live keys
 */
export const addOwnKey = (
  ctx: Context,
  input: z.infer<typeof OwnAgentInput>,
): Promise<z.infer<typeof NewKeyOutput>> =>
  changeOwned(ctx, input.agent_id, async (tx, agentId) => {
    const made = await insertKey(tx, agentId);
    ctx.log.info(
      { event: "key_added", agent_id: agentId, key_id: made.key_id },
      "agent key added by its owner",
    );
    return { ...made, previous_keys_end_at: null };
  });

/**
 * Adds a key, and ends the earlier ones after the overlap. An overlap of 0 ends them and their sessions at once.
 * @throws AppError as `addOwnKey`
 */
export const rotateOwnKey = (
  ctx: Context,
  { agent_id, overlap_seconds = DEFAULT_OVERLAP_SECONDS }: z.infer<typeof RotateOwnKeyInput>,
): Promise<z.infer<typeof NewKeyOutput>> =>
  changeOwned(ctx, agent_id, async (tx, agentId) => {
    await limitKeys.count(tx, { agent_id: agentId, overlap_seconds });
    const made = await insertKey(tx, agentId);
    ctx.log.info({ event: "key_rotated", agent_id: agentId, key_id: made.key_id }, "agent key rotated");
    return { ...made, previous_keys_end_at: new Date(Date.now() + overlap_seconds * 1000).toISOString() };
  });

async function insertKey(tx: Sql, agentId: string) {
  const { token, hash, hint } = mintToken("agent_key");
  const most = BigInt(MOST_LIVE_KEYS);
  const key = await insertKeyWithin.first(tx, { agent_id: agentId, key_hash: hash, hint, most });
  if (key === undefined)
    throw new AppError("conflict", {
      message: `This agent has ${MOST_LIVE_KEYS} keys. End one first, or replace them with an overlap of 0.`,
    });
  return { agent_id: agentId, key_id: key.id, api_key: token };
}

/** Ends a key and every session it opened, from the next call on. Repeating it changes nothing. @throws AppError `not_found` */
export const endOwnKey = (ctx: Context, input: z.infer<typeof OwnKeyInput>): Promise<Changed> =>
  changeOwned(ctx, input.agent_id, async (tx, agentId) => {
    const id = requireId(input.key_id, "key");
    if ((await revokeKey.first(tx, { agent_id: agentId, id })) === undefined) throw notFound("key");
    ctx.log.info({ event: "key_revoked", agent_id: agentId, key_id: id }, "agent key ended by its owner");
    return { agent_id: agentId };
  });

/**
 * Retires an agent for good: its keys, its open approvals, its sessions and its OAuth client end, and its grants allow nothing any more.
 * @throws AppError `not_found`
 */
export const retireOwnAgent = (ctx: Context, input: z.infer<typeof OwnAgentInput>): Promise<Changed> =>
  changeOwned(ctx, input.agent_id, async (tx, agentId) => {
    await disableAgent.one(tx, { id: agentId });
    await deleteRecord.count(tx, clientRecord(agentId));
    await endApprovalsOfAgent.count(tx, { agent_id: agentId });
    ctx.log.info({ event: "agent_revoked", agent_id: agentId }, "agent retired by its owner");
    return { agent_id: agentId };
  });
