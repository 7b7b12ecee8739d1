import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import { mintToken } from "../credential/index.ts";
import { requireUser } from "../user/index.ts";
import { misleadingName, ownNames } from "./name-rules.ts";
import { insertOwned } from "./owned-store.ts";
import type { NewKeyOutput, RegisterAgentInput } from "./owner-schema.ts";

/** More than anybody needs who tries things out, and too few to flood people with. */
export const MOST_AGENTS = 20;

/**
 * Registers an agent of the person, and returns its first API key. The key is not stored, so it can't be read again.
 * @throws AppError `validation_error` for a name that people could take for ours; `conflict` if the person has too many
 */
export async function registerAgent(
  { sql, log, settings, actor }: Pick<Deps, "sql" | "log" | "settings"> & { actor: UserActor },
  { name }: z.infer<typeof RegisterAgentInput>,
): Promise<z.infer<typeof NewKeyOutput>> {
  const problem = misleadingName(name, ownNames(settings));
  if (problem !== undefined) throw invalidField("/name", problem, "misleading");
  const { token, hash, hint } = mintToken("agent_key");
  const made = await sql.transaction(async (tx) => {
    // Else two registrations at once would each count the agents without the other's.
    await requireUser(tx, actor.userId);
    return insertOwned.first(tx, {
      ...{ name, owner_user_id: actor.userId, most: BigInt(MOST_AGENTS), key_hash: hash, hint },
    });
  });
  if (made === undefined) throw tooManyAgents();
  log.info({ event: "agent_registered", agent_id: made.agent_id }, "agent registered by its owner");
  return { ...made, api_key: token, previous_keys_end_at: null };
}

export const tooManyAgents = (): AppError =>
  new AppError("conflict", { message: `You have ${MOST_AGENTS} agents. Retire one first.` });
