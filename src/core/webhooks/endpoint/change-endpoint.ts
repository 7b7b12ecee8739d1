import type { z } from "zod";
import { DEFAULT_OVERLAP_SECONDS } from "../../access/credential/index.ts";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { encryptSecret, mintSecret, moveToPrevious } from "../../protocol/signed-webhooks.ts";
import { viewOf } from "./list-endpoints.ts";
import type { Listener } from "./listener.ts";
import { changeOfListener } from "./listener.ts";
import type { DeletedWebhookOutput, NewWebhookOutput } from "./schema.ts";
import { endEndpoint, lockSecret, replaceSecret } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher" | "log">;

/**
 * Makes a new secret. The one before signs too until the overlap ends; an overlap of 0 ends it at once.
 * @throws AppError `not_found`
 */
export async function rotateSecret(
  ctx: Context,
  listener: Listener,
  input: { endpoint_id: string; overlap_seconds?: number | undefined },
): Promise<z.infer<typeof NewWebhookOutput>> {
  const id = requireId(input.endpoint_id, "webhook");
  const secret = mintSecret();
  const listenerId = await changeOfListener(ctx, listener, async (tx, listener_id) => {
    const present = await lockSecret.first(tx, { id, listener_id });
    if (present === undefined) throw notFound("webhook");
    await replaceSecret.count(tx, {
      id,
      secret: encryptSecret(ctx.cipher, "webhook_endpoints", id, secret),
      previous_secret: moveToPrevious(ctx.cipher, "webhook_endpoints", id, present.secret),
      overlap_seconds: input.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS,
    });
    return listener_id;
  });
  ctx.log.info({ event: "webhook_secret_rotated", endpoint_id: id }, "webhook secret rotated");
  return { webhook: await viewOf(ctx, id, listenerId), secret };
}

/** Deletes an endpoint. What waits for it isn't sent any more. @throws AppError `not_found` */
export async function deleteEndpoint(
  ctx: Context,
  listener: Listener,
  input: { endpoint_id: string },
): Promise<z.infer<typeof DeletedWebhookOutput>> {
  const id = requireId(input.endpoint_id, "webhook");
  await changeOfListener(ctx, listener, async (tx, listener_id) => {
    if ((await endEndpoint.count(tx, { id, listener_id })) === 0) throw notFound("webhook");
  });
  ctx.log.info({ event: "webhook_deleted", endpoint_id: id }, "webhook deleted");
  return { endpoint_id: id };
}
