import { z } from "zod";
import type { NextAction } from "../../../core/protocol/next-actions.ts";
import type { ApiContext } from "../../procedure/context.ts";
import { WireNextAction } from "../../response/envelope.ts";

/** R10.2: ChatGPT accepts 100,000 characters. The difference is a reserve for what ChatGPT adds. */
const MAX_CHARACTERS = 95_000;

/**
 * The output schema of a GPT operation: the data's fields at the top level, a message for the person, next
 * actions.
 */
export const flatOutput = <Shape extends z.ZodRawShape>(data: z.ZodObject<Shape>) =>
  data.extend({
    message: z.string().meta({ description: "What happened, in a sentence for the person" }),
    next_actions: z.array(WireNextAction),
  });

type FlatResponse<Data> = Data & { message: string; next_actions: WireNextAction[] };

/**
 * Builds the response of a GPT operation. If the response is too long for ChatGPT, it drops the parameter
 * schemas of next actions first. Then it cuts the ends of lists, and last it drops the output.
 */
export function flatResponse<Data extends object>(
  ctx: Pick<ApiContext, "renderActions">,
  data: Data,
  message: string,
  nextActions: NextAction[],
): FlatResponse<Data> {
  let response: FlatResponse<Data> = { ...data, message, next_actions: ctx.renderActions(nextActions) };
  if (isTooLong(response)) {
    response = {
      ...response,
      next_actions: response.next_actions.map(({ params_schema: _dropped, ...action }) => action),
    };
  }
  return isTooLong(response) ? shorten(response) : response;
}

const isTooLong = (response: object): boolean => JSON.stringify(response).length > MAX_CHARACTERS;

function shorten<Data extends object>(response: FlatResponse<Data>): FlatResponse<Data> {
  const short: Record<string, unknown> = { ...response };
  for (;;) {
    const [name, longest] = longestList(short);
    if (name === undefined || longest === undefined || longest.length === 0) break;
    short[name] = longest.slice(0, Math.floor(longest.length / 2));
    if (!isTooLong(short)) break;
  }
  // A part of an output could mean something else than the whole output, so an output is never cut.
  if (isTooLong(short) && "output" in short) {
    short["output"] = null;
    short["output_unavailable_reason"] = "too_large";
  }
  return short as FlatResponse<Data>;
}

/**
 * The name and value of the list with the longest JSON; empty if the response has no lists besides next
 * actions.
 */
function longestList(response: Record<string, unknown>): [string?, unknown[]?] {
  const lists = Object.entries(response).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[0] !== "next_actions",
  );
  const size = ([, list]: [string, unknown[]]): number => JSON.stringify(list).length;
  return lists.sort((a, b) => size(b) - size(a))[0] ?? [];
}

/** @example formatCount(2, "service") // "2 services" */
export const formatCount = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @example formatCents(1.5) // "1.5 cents" */
export const formatCents = (cents: number): string => `${cents} ${cents === 1 ? "cent" : "cents"}`;
