import type { z } from "zod";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { SearchInput } from "./schema.ts";

/** Only the first results get a next action of their own. */
const MAX_SUGGESTIONS = 3;

/** What makes sense after a page of results: run the first ones or read their tasks, the next page, or a search without filters. */
export function suggestNext({
  page,
  direct,
  input,
  total,
  seen,
}: {
  page: readonly {
    service_key: string;
    service_id: string;
    campaign_id: string | null;
    completed: boolean;
    input_schema: Record<string, unknown>;
  }[];
  direct: readonly { service_key: string; input_schema: Record<string, unknown> }[];
  input: z.infer<typeof SearchInput>;
  total: number;
  /** How many results this page and the pages before it have shown. */
  seen: number;
}): NextAction[] {
  const { offset: _offset, limit, ...filters } = input;
  const { explain: _explain, ...narrowing } = filters;
  const isFiltered = Object.keys(narrowing).length > 0;
  return [
    ...page.slice(0, MAX_SUGGESTIONS).map((offer) =>
      offer.completed
        ? next.runService(offer.service_key, {
            campaignId: offer.campaign_id ?? undefined,
            inputSchema: offer.input_schema,
          })
        : next.getTask(offer.campaign_id ?? offer.service_id),
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
    next.flowStatus(),
    ...direct.slice(0, MAX_SUGGESTIONS).map((api) => next.payDirectly(api.service_key, api.input_schema)),
  ];
}
