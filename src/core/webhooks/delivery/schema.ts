import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { Id, JsonObject, RequestTimestamp, Timestamp } from "../../protocol/fields.ts";
import { AttemptFailure } from "../endpoint/index.ts";
import { EVENT_TYPES } from "../event/index.ts";

const Status = z
  .enum(["pending", "delivered", "given_up"])
  .meta({ description: "`pending`: waits, or is tried again. `given_up`: after ten attempts in three days" });

/** Deliveries that one call sends again. */
export const MOST_REPLAYED = 1_000;

const OfAgent = { agent_id: Id };
const OfEndpoint = { endpoint_id: Id };

export const ListDeliveriesInput = z.strictObject({
  ...OfEndpoint,
  ...CursorPaging,
  status: Status.optional(),
});
export const ReplayInput = z.strictObject({
  ...OfEndpoint,
  event_id: Id.optional().meta({ description: "The one to send again, whatever became of it" }),
  given_up_since: RequestTimestamp.optional().meta({
    description: `All that were given up and happened since then, at most ${MOST_REPLAYED} of them at once`,
  }),
});
export const ListAgentDeliveriesInput = ListDeliveriesInput.extend(OfAgent);
export const ReplayAgentInput = ReplayInput.extend(OfAgent);

export const DeliveryView = z
  .object({
    event_id: z.string().meta({ description: "The header `webhook-id`: the same at each attempt" }),
    type: z.enum(EVENT_TYPES),
    data: JsonObject.meta({ description: "What the event says: ids, states and times" }),
    occurred_at: Timestamp,
    status: Status,
    attempts: z.number().int(),
    last_attempt: z
      .object({ at: Timestamp, status: z.number().int().nullable(), failure: AttemptFailure.nullable() })
      .nullable(),
    next_attempt_at: Timestamp.nullable().meta({ description: "null: it isn't tried again" }),
    ended_at: Timestamp.nullable(),
  })
  .meta({ id: "WebhookDelivery" });
export type DeliveryView = z.infer<typeof DeliveryView>;

export const ListDeliveriesOutput = z.object({ deliveries: z.array(DeliveryView), next_cursor: NextCursor });
export const ReplayOutput = z.object({
  replayed: z.number().int().meta({ description: "How many are sent again" }),
});
export const SendTestOutput = z.object({ event_id: z.string() });
