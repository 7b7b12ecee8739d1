import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { apiDashboard, resolvePeriod } from "../dashboard/index.ts";
import { requireOwnApi } from "./own-api.ts";
import { toView } from "./rules.ts";
import type { ApiDashboard, GetApiInput } from "./schema.ts";
import { payersPaused } from "./unsettled.ts";

/**
 * Returns an API with its budget, pinned terms and figures.
 * @throws `not_found`, also for another sponsor's API; `validation_error` for an invalid period
 */
export async function getApi(
  ctx: Pick<Deps, "db" | "sql" | "histories"> & { actor: SponsorActor },
  input: z.infer<typeof GetApiInput>,
): Promise<z.infer<typeof ApiDashboard>> {
  const { db, sql, actor } = ctx;
  const period = resolvePeriod(input, new Date());
  const api = await requireOwnApi(db, input.service_key, actor.sponsorId);
  const [figures, isPaused] = await Promise.all([
    apiDashboard(ctx, api.serviceKey, period),
    payersPaused({ sql }, api),
  ]);
  return {
    ...toView(api),
    ...(isPaused && { paused_for_payers: true }),
    sample_input: api.sampleInput as Record<string, unknown>,
    has_upstream_headers: api.upstreamHeaders !== null,
    figures,
  };
}
