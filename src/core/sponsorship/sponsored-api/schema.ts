import { z } from "zod";
import {
  Budget,
  Category,
  Cents,
  JsonObject,
  Page,
  Paging,
  ServiceKey,
  Tag,
  Timestamp,
  visibleText,
} from "../../protocol/fields.ts";
import { isServiceAlias } from "../../protocol/foreign/index.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";
import { ApiStatistics, Period } from "../dashboard/index.ts";

export const DEFAULT_TIMEOUT_MS = 10_000;

/** Headers that a sponsor can't set, because they belong to the transport or to the payment. */
const RESERVED_HEADERS = new Set([
  "accept-encoding",
  "host",
  "connection",
  "content-length",
  "content-type",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "keep-alive",
  "expect",
  "proxy-authorization",
  "proxy-connection",
  "payment-signature",
  "payment-required",
  "payment-response",
  "x-payment",
  "x-payment-response",
]);

const MAX_HEADERS = 20;

/** They are counted before each is validated: a body has room for 22,000, which would take a tenth of a second. */
const UpstreamHeaders = z.preprocess(
  (headers: Record<string, string> | null, ctx) => {
    if (typeof headers !== "object" || headers === null) return headers;
    if (Object.keys(headers).length <= MAX_HEADERS) return headers;
    const message = `at most ${MAX_HEADERS} headers`;
    ctx.addIssue({ code: "custom", message, params: { keyword: "maxProperties" } });
    return z.NEVER;
  },
  z.record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/)
      .refine((name) => !RESERVED_HEADERS.has(name.toLowerCase()), {
        message: "this header is reserved and can't be set",
      }),
    z
      .string()
      .max(2048)
      .regex(/^[\t\x20-\x7e]*$/),
  ),
);

const UpstreamUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .meta({
    description:
      "`{name}` as a whole segment of the path is filled from the input's field of this name, which isn't sent again. The input schema has to require it, as a string or an integer",
  });
const InputSchema = JsonObject.meta({ description: "Closed JSON Schema (2020-12) of a run's input" });
const OutputSchema = JsonObject.meta({
  description: "JSON Schema (2020-12) of the answers, for those who use them. No answer is refused for it",
});
const SampleInput = JsonObject.meta({
  description: "The input with which the upstream is called once, without payment, to learn its terms",
});

const ServiceName = visibleText(1, 100);
const Description = visibleText(1, 1000).meta({ description: "Plain text, for people and agents" });
const MAX_LANGUAGES = 10;

const Localized = z
  .record(
    z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/),
    z.strictObject({ name: ServiceName.optional(), description: Description.optional() }),
  )
  .refine((languages) => Object.keys(languages).length <= MAX_LANGUAGES, {
    message: `at most ${MAX_LANGUAGES} languages`,
  })
  .meta({
    description: "Name and description in other languages, by language tag. The service is found by them too",
    examples: [
      { ja: { name: "日の出と日の入り", description: "場所と日付から日の出と日の入りの時刻を返します" } },
    ],
  });

const fields = {
  name: ServiceName,
  description: Description,
  localized: Localized,
  categories: z.array(Category).min(1).max(10),
  tags: z.array(Tag).max(20),
  price_cents: Cents.meta({ description: "The most the upstream may charge for a call" }),
  timeout_ms: z.number().int().min(100).max(30_000),
};

export const RegisterApiInput = z.strictObject({
  service_key: ServiceKey.refine((key) => !isServiceAlias(key), {
    message: "has the form of an alias of other keys",
    params: { keyword: "pattern" },
  }),
  idempotency_key: IdempotencyKey.optional(),
  ...fields,
  localized: fields.localized.optional(),
  tags: fields.tags.optional(),
  upstream_url: UpstreamUrl,
  upstream_method: z.enum(["GET", "POST"]),
  upstream_headers: UpstreamHeaders.optional().meta({ description: "Sent with every request; write-only" }),
  pay_to: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .optional()
    .meta({ description: "The upstream's payee, if a call without payment doesn't get a 402" }),
  input_schema: InputSchema,
  output_schema: OutputSchema.optional(),
  sample_input: SampleInput.optional(),
  timeout_ms: fields.timeout_ms.optional(),
});

export const InspectUpstreamInput = z.strictObject({
  upstream_url: UpstreamUrl,
  upstream_method: z.enum(["GET", "POST"]).optional().meta({ description: "Default: whichever it answers" }),
  upstream_headers: UpstreamHeaders.optional().meta({
    description: "Sent with this one request; not stored",
  }),
  sample_input: SampleInput.optional(),
});

export const InspectUpstreamOutput = z.object({
  upstream_url: z.string(),
  upstream_method: z.enum(["GET", "POST"]),
  terms: z
    .object({
      network: z.string(),
      asset: z.string(),
      pay_to: z.string(),
      amount_cents: z.number(),
      timeout_seconds: z.number().nullable().meta({ description: "How long the seller gives a payment" }),
    })
    .nullable()
    .meta({ description: "What a registration would pin. null: it asks for no payment" }),
  service_key: z.string().meta({ description: "A key that could be used, from the address" }),
  description: z.string().nullable().meta({ description: "In the seller's words" }),
  input_schema: JsonObject.nullable().meta({
    description:
      "From what the 402 says of the call, in the form in which it can be registered. null: it says nothing",
  }),
  schema_errors: z
    .array(z.object({ path: z.string(), message: z.string(), keyword: z.string() }))
    .meta({ description: "What has to be changed in this schema before it can be registered" }),
  sample_input: JsonObject.nullable().meta({
    description: "An input with which the seller says that it works",
  }),
});

export const GetApiInput = Period.extend({ service_key: ServiceKey });

export const ChangeApiInput = z.strictObject({
  service_key: ServiceKey,
  active: z.boolean().optional(),
  name: fields.name.optional(),
  description: fields.description.optional(),
  localized: fields.localized.optional().meta({ description: "Replaces all of them. {} removes them" }),
  categories: fields.categories.optional(),
  tags: fields.tags.optional(),
  price_cents: fields.price_cents.optional(),
  timeout_ms: fields.timeout_ms.optional(),
  upstream_url: UpstreamUrl.optional(),
  upstream_headers: UpstreamHeaders.optional().meta({
    description: "Replaces all headers that are sent with every request; write-only",
  }),
  input_schema: InputSchema.optional(),
  output_schema: OutputSchema.optional(),
  sample_input: SampleInput.optional(),
  repin: z.boolean().optional().meta({
    description: "Call the upstream again without payment, and pin its payments to the terms it states now",
  }),
});

export const ArchiveApiInput = z.strictObject({ service_key: ServiceKey });

export const ApiView = z.object({
  service_id: z.string(),
  service_key: z.string(),
  name: z.string(),
  description: z.string(),
  localized: Localized.optional(),
  categories: z.array(z.string()),
  tags: z.array(z.string()),
  upstream_url: z.string(),
  upstream_method: z.enum(["GET", "POST"]),
  price_cents: z.number(),
  input_schema: JsonObject,
  output_schema: OutputSchema.optional(),
  timeout_ms: z.number(),
  active: z.boolean(),
  set_aside_at: Timestamp.nullable().meta({
    description:
      "Since when it gets no calls, because its upstream was paid and brought nothing for three people in a row. `active: true` has the upstream called again without payment; if that works, calls go on",
  }),
  archived_at: Timestamp.optional().meta({ description: "When it was archived. It is never active again" }),
  terms: z
    .object({ network: z.string(), asset: z.string(), pay_to: z.string() })
    .nullable()
    .meta({ description: "The terms to which the upstream's payments are pinned. null: it is free" }),
  last_quote_cents: z
    .number()
    .nullable()
    .meta({ description: "What the upstream asked for last. null: it hasn't stated a price yet" }),
  reliability: z.object({ paid_calls: z.number().int(), undelivered_calls: z.number().int() }).meta({
    description:
      "Calls that the upstream was paid for, and how many of them it didn't deliver. Undelivered calls lower its rank in searches.",
  }),
  budget: Budget.nullable().meta({ description: "Its own open budget. null until it is funded" }),
});

export const ApiDashboard = ApiView.extend({
  paused_for_payers: z.boolean().optional().meta({
    description:
      "True while sponsors pay for no calls of it: since its last settled payment, and within the last hour, at least five were signed that its upstream hasn't taken after a minute. One settled payment ends this, and so does the hour",
  }),
  sample_input: SampleInput,
  has_upstream_headers: z
    .boolean()
    .meta({ description: "Whether headers are sent with every request. They are never shown" }),
  figures: ApiStatistics,
});

export const ListApisInput = Paging;
export const ListApisOutput = z.object({
  apis: z.array(ApiView.omit({ input_schema: true, output_schema: true })),
  ...Page.shape,
});
