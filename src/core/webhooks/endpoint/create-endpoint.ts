import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { encryptSecret, mintSecret } from "../../protocol/signed-webhooks.ts";
import { viewOf } from "./list-endpoints.ts";
import type { Listener } from "./listener.ts";
import { changeOfListener } from "./listener.ts";
import { requireCallable } from "./rules.ts";
import type { NewWebhookOutput } from "./schema.ts";
import { MOST_ENDPOINTS } from "./schema.ts";
import { insertEndpoint } from "./store.ts";

/**
 * Registers an endpoint. Events from now on are sent to it.
 * @throws AppError `not_found` for an agent of somebody else; `validation_error` for a URL that is never called; `conflict` if
 *   there are too many endpoints
 */
export async function createEndpoint(
  ctx: Pick<Deps, "db" | "sql" | "cipher" | "upstream" | "log">,
  listener: Listener,
  input: { url: string; event_types?: string[] | undefined },
): Promise<z.infer<typeof NewWebhookOutput>> {
  requireCallable(ctx, input.url);
  const id = randomUUID();
  const secret = mintSecret();
  const listenerId = await changeOfListener(ctx, listener, async (tx, listener_id) => {
    const made = await insertEndpoint.count(tx, {
      ...{ id, listener_id, listener_kind: listener.kind, url: input.url },
      event_types: [...new Set(input.event_types ?? ["*"])],
      secret: encryptSecret(ctx.cipher, "webhook_endpoints", id, secret),
      most: BigInt(MOST_ENDPOINTS),
    });
    if (made === 0)
      throw new AppError("conflict", {
        message: `There are ${MOST_ENDPOINTS} webhooks already. Change or delete one of them.`,
      });
    return listener_id;
  });
  ctx.log.info(
    { event: "webhook_created", endpoint_id: id, [`${listener.kind}_id`]: listenerId },
    "webhook created",
  );
  return { webhook: await viewOf(ctx, id, listenerId), secret };
}
