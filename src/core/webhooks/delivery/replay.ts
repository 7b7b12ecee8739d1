import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { Listener, WebhookView } from "../endpoint/index.ts";
import { changeOfListener, lockActive, requireCallable, updateEndpoint, viewOf } from "../endpoint/index.ts";
import type { ReplayInput, ReplayOutput, SendTestOutput } from "./schema.ts";
import { MOST_REPLAYED } from "./schema.ts";
import { hurry, insertTest, replayGivenUp, replayOne } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "upstream" | "log">;

/** Runs a change of what waits for an endpoint that isn't paused. @throws AppError `not_found`; `conflict` for one that is paused */
const changeOfActive = <Result>(
  ctx: Pick<Context, "sql">,
  listener: Listener,
  endpointId: string,
  change: (tx: Sql, id: string) => Promise<Result>,
): Promise<Result> => {
  const id = requireId(endpointId, "webhook");
  return changeOfListener(ctx, listener, async (tx, listener_id) => {
    const endpoint = await lockActive.first(tx, { id, listener_id });
    if (endpoint === undefined) throw notFound("webhook");
    if (!endpoint.active)
      throw new AppError("conflict", { message: "This webhook is paused. Make it active first." });
    return change(tx, id);
  });
};

/**
 * Sends one event again, or all that were given up since a time. The receiver knows each by its `webhook-id`.
 * @throws AppError `not_found`; `conflict` for an endpoint that is paused; `validation_error` unless one of the two is asked for
 */
export async function replay(
  ctx: Context,
  listener: Listener,
  input: z.infer<typeof ReplayInput>,
): Promise<z.infer<typeof ReplayOutput>> {
  const { event_id: eventId, given_up_since: since } = input;
  if ((eventId === undefined) === (since === undefined))
    throw invalidField("/event_id", "give either event_id or given_up_since", "oneOf");
  return changeOfActive(ctx, listener, input.endpoint_id, async (tx, endpoint_id) => {
    if (since !== undefined) {
      const asked = { endpoint_id, since: new Date(since), most: BigInt(MOST_REPLAYED) };
      return { replayed: await replayGivenUp.count(tx, asked) };
    }
    const replayed = await replayOne.count(tx, { endpoint_id, event_id: requireId(eventId ?? "", "event") });
    if (replayed === 0) throw notFound("event");
    return { replayed };
  });
}

/**
 * Sends `webhook.test`, by which an endpoint's owner sees that it takes events and verifies their signature.
 * @throws AppError `not_found`; `conflict` for an endpoint that is paused, or for which a test waits already
 */
export function sendTest(
  ctx: Context,
  listener: Listener,
  input: { endpoint_id: string },
): Promise<z.infer<typeof SendTestOutput>> {
  return changeOfActive(ctx, listener, input.endpoint_id, async (tx, endpoint_id) => {
    const event_id = randomUUID();
    if ((await insertTest.count(tx, { event_id, endpoint_id })) === 0)
      throw new AppError("conflict", { message: "A test for this webhook is on its way. Wait for it." });
    return { event_id };
  });
}

/**
 * Changes an endpoint, pauses it or makes it active again. What waits for it is then sent at once.
 * @throws AppError `not_found`; `validation_error` for a URL that is never called
 */
export async function changeEndpoint(
  ctx: Context,
  listener: Listener,
  input: {
    endpoint_id: string;
    url?: string | undefined;
    event_types?: string[] | undefined;
    active?: boolean | undefined;
  },
): Promise<WebhookView> {
  const id = requireId(input.endpoint_id, "webhook");
  requireCallable(ctx, input.url);
  const listenerId = await changeOfListener(ctx, listener, async (tx, listener_id) => {
    const changes = {
      url: input.url ?? null,
      event_types: input.event_types === undefined ? null : [...new Set(input.event_types)],
      active: input.active ?? null,
    };
    if ((await updateEndpoint.first(tx, { id, listener_id, ...changes })) === undefined)
      throw notFound("webhook");
    if (input.active === true || input.url !== undefined) await hurry.count(tx, { endpoint_id: id });
    return listener_id;
  });
  ctx.log.info({ event: "webhook_changed", endpoint_id: id }, "webhook changed");
  return viewOf(ctx, id, listenerId);
}
