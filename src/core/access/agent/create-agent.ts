import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { mintToken } from "../credential/index.ts";
import type { CreateAgentInput, CreateAgentOutput } from "./schema.ts";
import { insertAgent } from "./store.ts";

/** Registers an agent and returns its API key. The key is not stored, so it can't be read again. */
export async function createAgent(
  { db }: Pick<Deps, "db">,
  input: z.infer<typeof CreateAgentInput>,
): Promise<z.infer<typeof CreateAgentOutput>> {
  const key = mintToken("agent_key");
  const agent = await insertAgent(db, input.name, key);
  return { agent_id: agent.id, api_key: key.token };
}
