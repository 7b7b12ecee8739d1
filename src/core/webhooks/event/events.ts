import { z } from "zod";
import { ServiceKey, Timestamp } from "../../protocol/fields.ts";

/** What is sent. Ids, types, states and times: an endpoint's server asks our API for more, with its key. */

const Uuid = z.uuid();
const Threshold = z
  .union([z.literal(80), z.literal(95)])
  .meta({ description: "Percent of the budget spent" });
const OfCampaign = z.strictObject({ campaign_id: Uuid });
const OfAnswer = z.strictObject({ answer_id: Uuid, campaign_id: Uuid });
/** `subject`: what the agent knows the person by. */
const OfGrant = z.strictObject({ agent_id: Uuid, subject: Uuid });

/** What sponsors are told of. */
const SPONSOR_EVENTS = {
  "campaign.budget_low": OfCampaign.extend({ threshold_percent: Threshold }),
  "campaign.exhausted": OfCampaign,
  "answer.received": OfAnswer,
  "answer.withdrawn": OfAnswer,
  "service.set_aside": z.strictObject({ service_key: ServiceKey }),
  "payment.undelivered": z.strictObject({
    payment_id: Uuid,
    service_key: ServiceKey,
    campaign_id: Uuid.nullable(),
  }),
  "withdrawal.settled": z.strictObject({
    withdrawal_id: Uuid,
    tx_hash: z.string().regex(/^0x[0-9a-f]{64}$/i),
  }),
} as const;

/** What the owners of agents are told of. */
const OWNER_EVENTS = {
  "approval.decided": z.strictObject({
    agent_id: Uuid,
    approval_id: Uuid,
    kind: z.enum(["grant", "budget", "data", "combined", "gpt_sign_in"]),
    status: z.enum(["approved", "denied"]),
  }),
  "session.suspended": OfGrant.extend({
    reason: z.enum(["scope_violations", "rate_limit_rejections"]),
    session_ids: z
      .array(Uuid)
      .max(100)
      .meta({ description: "The newest sessions, all of which are suspended" }),
  }),
  "budget.approaching": OfGrant.extend({ threshold_percent: Threshold }),
} as const;

/** What each endpoint can be sent, besides what it listens to. */
const OWN_EVENTS = { "webhook.test": z.strictObject({ endpoint_id: Uuid }) } as const;

export const EVENTS = { ...SPONSOR_EVENTS, ...OWNER_EVENTS, ...OWN_EVENTS } as const;
export type EventType = keyof typeof EVENTS;

const namesOf = <Name extends string>(events: Record<Name, unknown>) =>
  Object.keys(events) as [Name, ...Name[]];
export const SPONSOR_EVENT_TYPES = namesOf(SPONSOR_EVENTS);
export const OWNER_EVENT_TYPES = namesOf(OWNER_EVENTS);
export const EVENT_TYPES = namesOf(EVENTS);

/** A request's body. */
export const payloadOf = (type: EventType) =>
  z.strictObject({ type: z.literal(type), timestamp: Timestamp, data: EVENTS[type] });
