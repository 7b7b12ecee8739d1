import type { z } from "zod";
import { mintToken } from "../../access/credential/index.ts";
import type { Deps } from "../../context.ts";
import type { CreateSponsorInput, CreateSponsorOutput } from "./schema.ts";
import { insertSponsor } from "./store.ts";

/** Registers a sponsor and mints its API key, which can't be read again. */
export async function createSponsor(
  { db }: Pick<Deps, "db">,
  input: z.infer<typeof CreateSponsorInput>,
): Promise<z.infer<typeof CreateSponsorOutput>> {
  const key = mintToken("sponsor_key");
  const sponsor = await insertSponsor(
    db,
    { name: input.name, walletAddress: input.wallet_address ?? null },
    key,
  );
  return { sponsor_id: sponsor.id, api_key: key.token };
}
