import type { z } from "zod";
import type { RotateKeyOutput } from "../../access/credential/index.ts";
import { DEFAULT_OVERLAP_SECONDS, mintToken } from "../../access/credential/index.ts";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { RotateSponsorKeyInput } from "./schema.ts";
import { rotateKey } from "./store.ts";

/** Creates a new key for a sponsor. Older keys stay valid for the overlap (seconds). @throws `not_found` */
export async function rotateSponsorKey(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof RotateSponsorKeyInput>,
): Promise<z.infer<typeof RotateKeyOutput>> {
  const sponsorId = requireId(input.sponsor_id, "sponsor");
  const key = mintToken("sponsor_key");
  const rotated = await rotateKey(sql, sponsorId, key, input.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS);
  if (rotated === undefined) throw notFound("sponsor");
  log.info({ event: "key_rotated", sponsor_id: sponsorId, key_id: rotated.id }, "a sponsor key was rotated");
  return {
    key_id: rotated.id,
    api_key: key.token,
    previous_keys_end_at: rotated.previousEndAt.toISOString(),
  };
}
