import type { AgentActor, Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { hashSecret, isToken } from "../credential/index.ts";
import { findAgentByKey } from "./store.ts";

/**
 * Returns the agent that an API key belongs to.
 * @throws AppError `unauthorized` if the key is malformed, unknown, expired or revoked, or its agent was revoked
 */
export async function authenticateAgent({ db }: Pick<Deps, "db">, token: string): Promise<AgentActor> {
  const agent = isToken("agent_key", token) ? await findAgentByKey(db, hashSecret(token)) : undefined;
  if (agent === undefined)
    throw new AppError("unauthorized", { message: "A valid agent API key is required." });
  return agent;
}
