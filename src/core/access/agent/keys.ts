import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { endApprovalsOfAgent } from "../approval/index.ts";
import type { RotateKeyOutput } from "../credential/index.ts";
import { DEFAULT_OVERLAP_SECONDS, mintToken } from "../credential/index.ts";
import type {
  ListAgentKeysInput,
  ListAgentKeysOutput,
  RevokeAgentInput,
  RevokeAgentKeyInput,
  RevokeOutput,
  RotateAgentKeyInput,
} from "./schema.ts";
import * as store from "./store.ts";

type Context = Pick<Deps, "sql" | "log">;

/** Lists an agent's keys, newest first, without the secrets. @throws AppError `not_found` for an unknown agent */
export async function listAgentKeys(
  { db }: Pick<Deps, "db">,
  input: z.infer<typeof ListAgentKeysInput>,
): Promise<z.infer<typeof ListAgentKeysOutput>> {
  const keys = await store.listKeys(db, requireId(input.agent_id, "agent"));
  if (keys.length === 0) throw notFound("agent");
  return {
    keys: keys.map((key) => ({
      key_id: key.id,
      hint: key.hint,
      created_at: key.createdAt.toISOString(),
      expires_at: key.expiresAt?.toISOString() ?? null,
      revoked_at: key.revokedAt?.toISOString() ?? null,
    })),
  };
}

/**
 * Adds a new key. The earlier keys stay valid for the overlap, so the agent's operator has time to switch.
 * After the overlap, the earlier keys open no more sessions. Sessions they opened run until they expire.
 * An overlap of 0 revokes the earlier keys and their sessions at once.
 * @throws AppError `not_found` for an unknown or revoked agent
 */
export async function rotateAgentKey(
  { sql, log }: Context,
  input: z.infer<typeof RotateAgentKeyInput>,
): Promise<z.infer<typeof RotateKeyOutput>> {
  const agentId = requireId(input.agent_id, "agent");
  const key = mintToken("agent_key");
  const rotated = await store.rotateKey(sql, agentId, key, input.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS);
  if (rotated === undefined) throw notFound("agent");
  log.info({ event: "key_rotated", agent_id: agentId, key_id: rotated.id }, "agent key rotated");
  return {
    key_id: rotated.id,
    api_key: key.token,
    previous_keys_end_at: rotated.previous_end_at.toISOString(),
  };
}

/**
 * Revokes a key and every session it opened, from the next call on. Repeating it changes nothing.
 * @throws AppError `not_found` if the agent has no such key
 */
export async function revokeAgentKey(
  { sql, log }: Context,
  input: z.infer<typeof RevokeAgentKeyInput>,
): Promise<z.infer<typeof RevokeOutput>> {
  const agentId = requireId(input.agent_id, "agent");
  const keyId = requireId(input.key_id, "key");
  const key = await store.revokeKey.first(sql, { agent_id: agentId, id: keyId });
  if (key === undefined) throw notFound("key");
  log.info({ event: "key_revoked", agent_id: agentId, key_id: keyId }, "agent key revoked");
  return { revoked: true, revoked_at: key.revoked_at.toISOString() };
}

/**
 * Revokes an agent, its keys, its open approvals, and its sessions for all users. Repeating it changes nothing.
 * @throws AppError `not_found` for an unknown agent
 */
export async function revokeAgent(
  { sql, log }: Context,
  input: z.infer<typeof RevokeAgentInput>,
): Promise<z.infer<typeof RevokeOutput>> {
  const agentId = requireId(input.agent_id, "agent");
  // The first statement locks the agent. A decision on one of its approvals locks it too, so it comes before or after.
  const agent = await sql.transaction(async (tx) => {
    const disabled = await store.disableAgent.first(tx, { id: agentId });
    if (disabled !== undefined) await endApprovalsOfAgent.count(tx, { agent_id: agentId });
    return disabled;
  });
  if (agent === undefined) throw notFound("agent");
  log.info({ event: "agent_revoked", agent_id: agentId }, "agent revoked");
  return { revoked: true, revoked_at: agent.revoked_at.toISOString() };
}
