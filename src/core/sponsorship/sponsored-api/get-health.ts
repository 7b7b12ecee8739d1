import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import type { ApiHealthOutput } from "../dashboard/index.ts";
import { apiHealth, resolvePeriod } from "../dashboard/index.ts";
import { requireOwnApi } from "./own-api.ts";
import type { GetApiInput } from "./schema.ts";

/**
 * Returns how an API delivered, day by day.
 * @throws `not_found`, also for another sponsor's API; `validation_error` for an invalid period
 */
export async function getHealth(
  ctx: Pick<Deps, "db" | "sql" | "histories"> & { actor: SponsorActor },
  input: z.infer<typeof GetApiInput>,
): Promise<z.infer<typeof ApiHealthOutput>> {
  const period = resolvePeriod(input, new Date());
  const { serviceKey } = await requireOwnApi(ctx.db, input.service_key, ctx.actor.sponsorId);
  return apiHealth(ctx, serviceKey, period);
}
