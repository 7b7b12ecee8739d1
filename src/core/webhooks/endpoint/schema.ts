import { z } from "zod";
import { Overlap } from "../../access/credential/index.ts";
import { Id, Timestamp } from "../../protocol/fields.ts";
import { EVENT_TYPES, OWNER_EVENT_TYPES, SPONSOR_EVENT_TYPES } from "../event/index.ts";

/** Endpoints of one sponsor, or of one agent. */
export const MOST_ENDPOINTS = 5;

const ALL_EVENTS = "*";

const Url = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .meta({ description: "Where events are sent, by POST", examples: ["https://sponsor.example/tollfree"] });

const typesOf = <Name extends string>(names: [Name, ...Name[]]) =>
  z
    .array(z.enum([ALL_EVENTS, ...names]))
    .min(1)
    .max(names.length)
    .refine((types) => types.length === 1 || !(types as string[]).includes(ALL_EVENTS), {
      message: `"${ALL_EVENTS}" must stand alone`,
      params: { keyword: "enum" },
    })
    .meta({ description: 'Which events. Default: `["*"]`, all, also those that are to come' });

const Active = z.boolean().meta({ description: "false: nothing is sent, and events are kept" });
const OfAgent = { agent_id: Id };
const OfEndpoint = { endpoint_id: Id };

export const ListWebhooksInput = z.strictObject({});
export const CreateWebhookInput = z.strictObject({
  url: Url,
  event_types: typesOf(SPONSOR_EVENT_TYPES).optional(),
});
export const WebhookInput = z.strictObject(OfEndpoint);
export const ChangeWebhookInput = z.strictObject({
  ...OfEndpoint,
  url: Url.optional(),
  event_types: typesOf(SPONSOR_EVENT_TYPES).optional(),
  active: Active.optional(),
});
export const RotateWebhookSecretInput = z.strictObject({ ...OfEndpoint, overlap_seconds: Overlap });

/** The same for an agent's owner. */
export const AgentWebhooksInput = z.strictObject(OfAgent);
export const CreateAgentWebhookInput = CreateWebhookInput.extend({
  ...OfAgent,
  event_types: typesOf(OWNER_EVENT_TYPES).optional(),
});
export const AgentWebhookInput = WebhookInput.extend(OfAgent);
export const ChangeAgentWebhookInput = ChangeWebhookInput.extend({
  ...OfAgent,
  event_types: typesOf(OWNER_EVENT_TYPES).optional(),
});
export const RotateAgentWebhookSecretInput = RotateWebhookSecretInput.extend(OfAgent);

/** Why an attempt failed. */
export const AttemptFailure = z
  .enum(["timeout", "unreachable", "blocked", "cut", "status"])
  .meta({ description: "`status`: the answer's status isn't 2xx. A redirect isn't followed" });

export const WebhookView = z
  .object({
    endpoint_id: z.string(),
    url: z.string(),
    event_types: z.array(z.enum([ALL_EVENTS, ...EVENT_TYPES])),
    created_at: Timestamp,
    active: z.boolean(),
    paused: z
      .object({ since: Timestamp, reason: z.enum(["owner", "failing", "gone"]) })
      .nullable()
      .meta({ description: "`failing`: every attempt failed for three days. `gone`: it answered 410" }),
    failing_since: Timestamp.nullable().meta({ description: "Since when every attempt has failed" }),
    last_attempt: z
      .object({
        at: Timestamp,
        status: z.number().int().nullable(),
        failure: AttemptFailure.nullable(),
      })
      .nullable(),
    waiting: z.number().int().meta({ description: "Events that wait to be sent" }),
    not_kept: z.object({ from: Timestamp, until: Timestamp.nullable() }).nullable().meta({
      description: "When too many events waited, so that further ones weren't kept. until null: now",
    }),
    previous_secret_until: Timestamp.nullable().meta({ description: "Until then both secrets sign" }),
  })
  .meta({ id: "Webhook" });
export type WebhookView = z.infer<typeof WebhookView>;

export const ListWebhooksOutput = z.object({
  webhooks: z.array(WebhookView),
  most_webhooks: z.number().int(),
});

const Secret = z.string().meta({ description: "Signs what is sent. It is shown once" });
export const NewWebhookOutput = z.object({ webhook: WebhookView, secret: Secret });
export const DeletedWebhookOutput = z.object({ endpoint_id: z.string() });
