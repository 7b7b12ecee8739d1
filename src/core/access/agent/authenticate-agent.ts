import type { AgentActor, Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { hashSecret, isToken } from "../credential/index.ts";
import { noteKeyUsed } from "./owned-store.ts";
import { findAgentByKey } from "./store.ts";

/** How exactly the last use of a key is known. */
const USE_NOTED_EVERY_MS = 60_000;

/**
 * Returns the agent that an API key belongs to. Its owner sees when the key was last used: that is written beside the call.
 * @throws AppError `unauthorized` if the key is malformed, unknown, expired or revoked, or its agent was revoked
 */
export async function authenticateAgent(
  { db, sql, background }: Pick<Deps, "db" | "sql" | "background">,
  token: string,
): Promise<AgentActor> {
  const key = isToken("agent_key", token) ? await findAgentByKey(db, hashSecret(token)) : undefined;
  if (key === undefined)
    throw new AppError("unauthorized", { message: "A valid agent API key is required." });
  const { lastUsedAt, ...agent } = key;
  if (lastUsedAt === null || lastUsedAt.getTime() < Date.now() - USE_NOTED_EVERY_MS)
    background.keep(noteKeyUsed.count(sql, { id: agent.apiKeyId }));
  return agent;
}
