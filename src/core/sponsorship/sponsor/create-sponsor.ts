import type { z } from "zod";
import { mintToken } from "../../access/credential/index.ts";
import type { Deps } from "../../context.ts";
import type { CreateSponsorInput, CreateSponsorOutput } from "./schema.ts";
import { insertSponsor } from "./store.ts";

/**
 * Registers a sponsor and returns its API key. The key is shown only once, because only its hash is stored.
 */
export async function createSponsor(
  { db }: Pick<Deps, "db">,
  input: z.infer<typeof CreateSponsorInput>,
): Promise<z.infer<typeof CreateSponsorOutput>> {
  const key = mintToken("sponsor_key");
  const sponsor = { name: input.name, walletAddress: input.wallet_address ?? null };
  const { id } = await insertSponsor(db, sponsor, key);
  return { sponsor_id: id, api_key: key.token };
}
