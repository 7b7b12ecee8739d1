import { isDeepStrictEqual } from "node:util";
import { SPONSORED } from "../../../core/protocol/object-schema.ts";
import type { Operation } from "../../operation/operations.ts";
import type { ErrorEnvelope, WireNextAction } from "../envelope.ts";
import { conciseAction } from "./concise-action.ts";
import type { Fields } from "./fields.ts";
import { change, isObject, without, withoutEmpty, withShortLists } from "./fields.ts";
import { LEFT_OUT } from "./left-out.ts";

/**
 * An operation's answer without what no next step needs: empty fields, what the call itself said, all but the first entries of
 * lists, and schemas that a next action has.
 * @param choseLimit whether the call said how many entries it wants
 */
export function conciseAnswer(
  { id, surface }: Operation,
  answer: unknown,
  { choseLimit }: { choseLimit: boolean },
): unknown {
  const { next_actions, ...rest } = answer as Fields & { next_actions: WireNextAction[] };
  const shorten = (data: Fields): Fields => {
    const short = LEFT_OUT[id.slice(surface.length + 1)]?.(data) ?? data;
    const once = withoutShownSchemas(withoutEmpty(short), next_actions);
    return choseLimit ? once : withShortLists(once);
  };
  // GPT responses are flat.
  const body = isObject(rest["data"]) ? { ...rest, data: shorten(rest["data"]) } : shorten(rest);
  return { ...body, next_actions: next_actions.map(conciseAction) };
}

/** A refusal in the same way: only its next actions say what can be known already. */
export const conciseRefusal = (body: ErrorEnvelope): ErrorEnvelope =>
  ({ ...body, next_actions: body.next_actions.map(conciseAction) }) as ErrorEnvelope;

/** The parts of the actions' schemas that a sponsor wrote, with the service that they are about. */
const shownSchemas = (actions: readonly WireNextAction[]): { action: WireNextAction; schema: Fields }[] =>
  actions.flatMap((action) => {
    const { properties } = action.params_schema ?? {};
    const parts = isObject(properties) ? Object.values(properties) : [];
    return parts
      .filter((part) => isObject(part) && SPONSORED in part)
      .map((part) => ({ action, schema: without(part as Fields, SPONSORED) }));
  });

const isAbout = ({ params, endpoint }: WireNextAction, key: unknown): boolean =>
  params["service_key"] === key || endpoint.includes(`/services/${encodeURIComponent(String(key))}/`);

/** A schema that the next action about the same thing has isn't repeated. Words in it make it another one, so it stays then. */
function withoutShownSchemas(data: Fields, actions: readonly WireNextAction[]): Fields {
  const shown = shownSchemas(actions);
  const isShown = (schema: unknown, key?: unknown): boolean =>
    shown.some(
      ({ action, schema: one }) =>
        isDeepStrictEqual(one, schema) && (key === undefined || isAbout(action, key)),
    );
  const once = (one: Fields): Fields => {
    const { input_schema: schema } = one;
    const isAny = isDeepStrictEqual(schema, {});
    return isAny || isShown(schema, one["service_key"]) ? without(one, "input_schema") : one;
  };
  const lists = ["services", "available_services", "candidates"];
  const short = lists.reduce((fields, name) => change(fields, name, once), once(data));
  return isShown(short["task_input_schema"]) ? without(short, "task_input_schema") : short;
}
