import type { z } from "zod";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { idOf } from "./rank-offers.ts";
import type { Result } from "./results.ts";
import type { SearchInput, SearchOutput } from "./schema.ts";
import { isOnlyScope } from "./usable.ts";

/** Only the first results get a next action of their own. */
const MAX_SUGGESTIONS = 3;

/**
 * What makes sense after a page of results: run the first ones or read their tasks, the next page, a search
 * without filters, or what a service out of scope needs.
 */
export function suggestNext({
  page,
  direct,
  nearMisses,
  input,
  total,
  seen,
}: {
  page: readonly Result[];
  direct: readonly { service_key: string; input_schema: Record<string, unknown> }[];
  nearMisses: NonNullable<z.infer<typeof SearchOutput>["near_misses"]>;
  input: z.infer<typeof SearchInput>;
  total: number;
  /** How many results this page and the pages before it have shown. */
  seen: number;
}): NextAction[] {
  const { offset: _offset, limit, ...filters } = input;
  const { explain: _explain, ...narrowing } = filters;
  // Beside results it isn't suggested: it ends in a question to the user, and the results need none.
  const outOfScope = total === 0 ? nearMisses.find(({ because }) => isOnlyScope(because)) : undefined;
  const isFiltered = Object.keys(narrowing).length > 0;
  return [
    ...page
      .slice(0, MAX_SUGGESTIONS)
      .map(({ offer, shown, inputSchema }) =>
        offer.completed
          ? next.runService(shown.service_key, { campaignId: offer.campaign_id ?? undefined, inputSchema })
          : next.getTask(idOf(offer)),
      ),
    ...(seen < total && page.length > 0
      ? [
          next.searchServices(
            { ...filters, ...(limit !== undefined && { limit }), offset: seen },
            "See the next page.",
          ),
        ]
      : []),
    ...(total === 0 && isFiltered
      ? [next.searchServices({}, "List all services that this session could use.")]
      : []),
    ...(outOfScope === undefined
      ? []
      : [
          next.planService(
            outOfScope.service_key,
            "See which scopes a service that fits, but is out of scope, needs.",
          ),
        ]),
    next.flowStatus(),
    ...direct.slice(0, MAX_SUGGESTIONS).map((api) => next.payDirectly(api.service_key, api.input_schema)),
  ];
}
