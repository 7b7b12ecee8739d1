import { z } from "zod";
import type { NextAction } from "../../../core/protocol/next-actions.ts";
import type { ApiContext } from "../../procedure/context.ts";
import { WireNextAction } from "../../response/envelope.ts";

/** R10.2: GPTs take 100,000 characters; this leaves room for the frame. */
const MAX_CHARACTERS = 95_000;

/** The agent's fields at the top, with a sentence for the model to pass on and what to do next. */
export const flat = <Shape extends z.ZodRawShape>(data: z.ZodObject<Shape>) =>
  data.extend({
    message: z.string().meta({ description: "What happened, in a sentence for the person" }),
    next_actions: z.array(WireNextAction),
  });

/** The field by which a GPT carries its person's session. */
export const session = {
  session_token: z.string().min(1).max(200).optional().meta({ description: "From gpt_auth" }),
};

type Flat<Data> = Data & { message: string; next_actions: WireNextAction[] };

/** A flat answer inside the size GPTs take: schemas repeated in next actions go first, then the ends of lists. */
export function reply<Data extends object>(
  ctx: Pick<ApiContext, "renderActions">,
  data: Data,
  message: string,
  nextActions: NextAction[],
): Flat<Data> {
  let answer: Flat<Data> = { ...data, message, next_actions: ctx.renderActions(nextActions) };
  if (tooLong(answer)) {
    answer = {
      ...answer,
      next_actions: answer.next_actions.map(({ params_schema: _dropped, ...action }) => action),
    };
  }
  return tooLong(answer) ? shorten(answer) : answer;
}

const tooLong = (answer: object): boolean => JSON.stringify(answer).length > MAX_CHARACTERS;

function shorten<Data extends object>(answer: Flat<Data>): Flat<Data> {
  const short: Record<string, unknown> = { ...answer };
  for (;;) {
    const [name, longest] = longestList(short);
    if (name === undefined || longest === undefined || longest.length === 0) break;
    short[name] = longest.slice(0, Math.floor(longest.length / 2));
    if (!tooLong(short)) break;
  }
  // An output that is itself too long can't be shortened without changing what it says.
  if (tooLong(short) && "output" in short) {
    short["output"] = null;
    short["output_unavailable_reason"] = "too_large";
  }
  return short as Flat<Data>;
}

function longestList(answer: Record<string, unknown>): [string?, unknown[]?] {
  const lists = Object.entries(answer).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[0] !== "next_actions",
  );
  const size = ([, list]: [string, unknown[]]): number => JSON.stringify(list).length;
  return lists.sort((a, b) => size(b) - size(a))[0] ?? [];
}

/** @example counted(2, "service") // "2 services" */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @example cents(1.5) // "1.5 cents" */
export const cents = (amount: number): string => `${amount} ${amount === 1 ? "cent" : "cents"}`;
