import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { Listener } from "./listener.ts";
import { readListener } from "./listener.ts";
import { toView } from "./rules.ts";
import type { ListWebhooksOutput, WebhookView } from "./schema.ts";
import { MOST_ENDPOINTS } from "./schema.ts";
import { findEndpointOf, listEndpointsOf } from "./store.ts";
import { countWaiting } from "./waiting-store.ts";

/** Lists a listener's endpoints, the oldest first. @throws AppError `not_found` for an agent of somebody else */
export async function listEndpoints(
  ctx: Pick<Deps, "db" | "sql">,
  listener: Listener,
): Promise<z.infer<typeof ListWebhooksOutput>> {
  const endpoints = await listEndpointsOf(ctx.db, await readListener(ctx, listener));
  const waiting = await countWaiting.all(ctx.sql, { ids: endpoints.map(({ id }) => id) });
  return {
    webhooks: endpoints.map((endpoint) =>
      toView(endpoint, Number(waiting.find(({ id }) => id === endpoint.id)?.waiting ?? 0n)),
    ),
    most_webhooks: MOST_ENDPOINTS,
  };
}

/** Returns an endpoint. @throws AppError `not_found`, also for another listener's */
export async function getEndpoint(
  ctx: Pick<Deps, "db" | "sql">,
  listener: Listener,
  input: { endpoint_id: string },
): Promise<WebhookView> {
  const id = requireId(input.endpoint_id, "webhook");
  return viewOf(ctx, id, await readListener(ctx, listener));
}

/** @throws AppError `not_found` */
export async function viewOf(
  { db, sql }: Pick<Deps, "db" | "sql">,
  id: string,
  listenerId: string,
): Promise<WebhookView> {
  const endpoint = await findEndpointOf(db, id, listenerId);
  if (endpoint === null) throw notFound("webhook");
  const [counted] = await countWaiting.all(sql, { ids: [id] });
  return toView(endpoint, Number(counted?.waiting ?? 0n));
}
