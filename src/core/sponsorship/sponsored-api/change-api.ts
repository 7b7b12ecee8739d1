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

type Context = Pick<Deps, "db" | "cipher" | "upstream" | "paymentClient"> & { actor: SponsorActor };

/**
 * Changes or pauses an API. Its upstream stays as it was registered, and so do its terms unless `repin` asks for
 * those the upstream states now: nobody but its sponsor may change whom the treasury pays.
 * @throws `not_found`, also for another sponsor's; `upstream_error` where it can't be pinned again, and then
 *   nothing of the request is applied
 */
export async function changeApi(
  ctx: Context,
  input: z.infer<typeof ChangeApiInput>,
): Promise<z.infer<typeof ApiView>> {
  const api = await requireOwnApi(ctx.db, input.service_key, ctx.actor.sponsorId);
  const timeoutMs = input.timeout_ms ?? api.timeoutMs;
  const pinned = input.repin === true ? await pinAgain(ctx, { ...api, timeoutMs }) : undefined;
  const changed = await updateApi(ctx.db, api.id, {
    ...(input.active !== undefined && { active: input.active }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.categories !== undefined && { categories: [...new Set(input.categories)] }),
    ...(input.tags !== undefined && { tags: [...new Set(input.tags)] }),
    ...(input.price_cents !== undefined && { priceMicros: centsToMicros(input.price_cents) }),
    ...(input.timeout_ms !== undefined && { timeoutMs: input.timeout_ms }),
    ...(pinned !== undefined && {
      ...unpack(pinned.terms),
      lastQuoteMicros: pinned.quote,
      lowestQuoteMicros: pinned.quote,
    }),
  });
  return toView(changed);
}

async function pinAgain(ctx: Context, api: ApiWithBudget): Promise<PinnedTerms> {
  const probe = await probeUpstream(ctx, api, api.sampleInput as Record<string, unknown>);
  if (probe === "blocked") {
    throw new AppError("upstream_error", {
      message: "The upstream's address isn't one we may call any more.",
    });
  }
  return probe;
}

const unpack = (
  terms: PinnedTerms["terms"],
): { network: string | null; asset: string | null; payTo: string | null } =>
  terms ?? { network: null, asset: null, payTo: null };
