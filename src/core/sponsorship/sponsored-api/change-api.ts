import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { requireOwnApi } from "./own-api.ts";
import type { PinnedTerms } from "./probe-upstream.ts";
import { probeUpstream } from "./probe-upstream.ts";
import { toView } from "./rules.ts";
import type { ApiView, ChangeApiInput } from "./schema.ts";
import type { ApiWithBudget } from "./store.ts";
import { updateApi } from "./store.ts";

type Context = Pick<Deps, "db" | "cipher" | "upstream" | "networks"> & { actor: SponsorActor };

/**
 * Changes or pauses an API. One that was set aside is called again without payment before calls go on. Its upstream address can't be changed. Its pinned terms change only if `repin`
 * asks for it, to the terms that the upstream states now. So only the sponsor can change the payee of the
 * treasury's payments.
 * @throws `not_found`, also for another sponsor's API; `upstream_error` if the terms can't be pinned again.
 *   Nothing is changed then
 */
export async function changeApi(
  ctx: Context,
  input: z.infer<typeof ChangeApiInput>,
): Promise<z.infer<typeof ApiView>> {
  const api = await requireOwnApi(ctx.db, input.service_key, ctx.actor.sponsorId);
  const timeoutMs = input.timeout_ms ?? api.timeoutMs;
  const resumes = input.active === true && api.setAsideAt !== null;
  const pinned = input.repin === true || resumes ? await probeTerms(ctx, { ...api, timeoutMs }) : undefined;
  const changed = await updateApi(ctx.db, api.id, {
    ...(input.active !== undefined && { active: input.active }),
    ...(resumes && { setAsideAt: null, failedUserIds: [] }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.categories !== undefined && { categories: [...new Set(input.categories)] }),
    ...(input.tags !== undefined && { tags: [...new Set(input.tags)] }),
    ...(input.price_cents !== undefined && { priceMicros: centsToMicros(input.price_cents) }),
    ...(input.timeout_ms !== undefined && { timeoutMs: input.timeout_ms }),
    ...(pinned !== undefined && {
      ...termColumns(pinned.terms),
      lastQuoteMicros: pinned.quoteMicros,
      lowestQuoteMicros: pinned.quoteMicros,
    }),
  });
  return toView(changed);
}

/** @throws `upstream_error` if the upstream has no usable terms, or its address isn't allowed any more */
async function probeTerms(ctx: Context, api: ApiWithBudget): Promise<PinnedTerms> {
  const probe = await probeUpstream(ctx, api, api.sampleInput as Record<string, unknown>);
  if (probe === "blocked") {
    throw new AppError("upstream_error", {
      message: "The upstream's address isn't public any more, so it can't be called.",
    });
  }
  return probe;
}

const termColumns = (
  terms: PinnedTerms["terms"],
): { network: string | null; asset: string | null; payTo: string | null } =>
  terms ?? { network: null, asset: null, payTo: null };
