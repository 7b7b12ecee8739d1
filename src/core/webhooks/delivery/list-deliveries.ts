import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { Listener } from "../endpoint/index.ts";
import { findEndpointOf, readListener } from "../endpoint/index.ts";
import { toView } from "./rules.ts";
import type { ListDeliveriesInput, ListDeliveriesOutput } from "./schema.ts";
import { listDeliveriesOf } from "./store.ts";

const PAGE = 20;

/** Lists what was sent to an endpoint and what waits, the newest first. @throws AppError `not_found`, also for another listener's endpoint */
export async function listDeliveries(
  ctx: Pick<Deps, "db" | "sql">,
  listener: Listener,
  { limit = PAGE, ...input }: z.infer<typeof ListDeliveriesInput>,
): Promise<z.infer<typeof ListDeliveriesOutput>> {
  const endpointId = requireId(input.endpoint_id, "webhook");
  if ((await findEndpointOf(ctx.db, endpointId, await readListener(ctx, listener))) === null)
    throw notFound("webhook");
  const cursor = readCursor(input.cursor);
  const rows = await listDeliveriesOf.all(ctx.sql, {
    endpoint_id: endpointId,
    status: input.status ?? null,
    before_micros: cursor?.micros ?? null,
    before_id: cursor?.id ?? null,
    limit: BigInt(limit) + 1n,
  });
  const { page, nextCursor } = cutPage(rows, limit);
  return { deliveries: page.map(toView), next_cursor: nextCursor };
}
