import { z } from "zod";
import { DATA_TYPES } from "../../protocol/data-types.ts";
import { Category, Cents, DataTypeField, JsonValue, TaskType } from "../../protocol/fields.ts";

/** R3.5: at most 50 results a page. */
export const MAX_PAGE = 50;

export const SearchInput = z.strictObject({
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Keywords", examples: ["sunrise"] }),
  category: Category.optional(),
  intent: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .meta({
      description: "What you want, in a sentence",
      examples: ["when does the sun set in Lisbon tomorrow"],
    }),
  preferred_task_types: z.array(TaskType).max(50).optional().meta({ description: "Only these task types" }),
  max_task_duration_seconds: z.number().int().min(0).max(86_400).optional(),
  allowed_data_types: z
    .array(DataTypeField)
    .max(DATA_TYPES.length)
    .optional()
    .meta({ description: "Only tasks that require no other types of personal data" }),
  max_budget_cents: Cents.optional().meta({ description: "Only services priced at most this" }),
  offset: z.number().int().min(0).max(10_000).optional(),
  limit: z.number().int().min(1).max(MAX_PAGE).optional(),
});

const OutputSchema = z
  .record(z.string(), JsonValue)
  .meta({ description: "JSON Schema of the answers, if the sponsor gave one" });

export const ServiceView = z
  .object({
    service_type: z.enum(["campaign", "sponsored_api"]),
    service_id: z.string().meta({ description: "Id of the campaign or the sponsored API" }),
    service_key: z.string(),
    name: z.string(),
    description: z.string(),
    sponsor: z.string(),
    required_task: z.string().nullable(),
    task_type: z.string().nullable(),
    subsidy_amount_cents: z.number().meta({ description: "The most that the sponsor pays for a call" }),
    price_cents: z.number().meta({ description: "The most that a call costs" }),
    categories: z.array(z.string()),
    tags: z.array(z.string()),
    estimated_task_duration_seconds: z.number().nullable(),
    relevance_score: z.number().min(0).max(1),
    already_completed: z
      .boolean()
      .meta({ description: "True if the service can be run without doing a task first" }),
    active: z.boolean(),
    input_schema: z.record(z.string(), JsonValue).meta({ description: "JSON Schema of a run's input" }),
    output_schema: OutputSchema.optional(),
  })
  .meta({ id: "Service" });
export type ServiceView = z.infer<typeof ServiceView>;

const DirectServiceView = z
  .object({
    service_key: z.string(),
    name: z.string(),
    description: z.string(),
    price_cents: z.number().meta({ description: "The most that a call costs, without our fee" }),
    categories: z.array(z.string()),
    input_schema: z.record(z.string(), JsonValue),
    output_schema: OutputSchema.optional(),
  })
  .meta({ id: "DirectService" });

export const SearchOutput = z.object({
  services: z.array(ServiceView),
  total_count: z.number().int(),
  offset: z.number().int(),
  limit: z.number().int(),
  applied_filters: z.record(z.string(), JsonValue).meta({ description: "The filters that were given" }),
  direct_payment: z
    .object({ services: z.array(DirectServiceView) })
    .optional()
    .meta({ description: "Services that the caller can pay for directly, if no sponsor pays" }),
});
