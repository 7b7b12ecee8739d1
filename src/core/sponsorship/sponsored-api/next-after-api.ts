import type { z } from "zod";
import type { NextAction } from "../../protocol/next-actions.ts";
import { nextForSponsor } from "../../protocol/sponsor-actions.ts";
import type { ApiView } from "./schema.ts";

type Api = Pick<
  z.infer<typeof ApiView>,
  "service_key" | "active" | "set_aside_at" | "archived_at" | "terms" | "budget" | "price_cents"
>;

/** What a sponsor can do next with an API: let it take calls again, or see to it that somebody pays for them. */
export function nextAfterApi(api: Api): NextAction[] {
  const { service_key: key, budget } = api;
  if (api.archived_at !== undefined) return [nextForSponsor.registerApi()];
  if (api.set_aside_at !== null)
    return [
      nextForSponsor.resumeApi(
        key,
        "Have the upstream called without payment. If it works, the API takes calls again.",
      ),
    ];
  if (!api.active) return [nextForSponsor.resumeApi(key, "Let the API take calls again.")];
  const needsMoney = api.terms !== null && (budget === null || budget.remaining_cents < api.price_cents);
  return [
    nextForSponsor.createCampaign([key]),
    ...(needsMoney ? [nextForSponsor.fundApi(key)] : []),
    nextForSponsor.getApi(key),
  ];
}
