import { z } from "zod";
import { DATA_TYPES } from "../../protocol/data-types.ts";
import { Category, Cents, DataTypeField, JsonValue, ServiceKey, TaskType } from "../../protocol/fields.ts";
import {
  foreignName,
  foreignSchema,
  foreignServiceKey,
  foreignText,
  foreignTexts,
} from "../../protocol/foreign/index.ts";

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
  explain: z
    .boolean()
    .optional()
    .meta({ description: "Say of each result why it was found, and how the search was understood" }),
  offset: z.number().int().min(0).max(10_000).optional(),
  limit: z.number().int().min(1).max(MAX_PAGE).optional(),
});

const OutputSchema = foreignSchema(z.record(z.string(), JsonValue)).meta({
  description: "JSON Schema of the answers, if the sponsor gave one",
});

const Share = z.number().min(0).max(1);

export const Why = z
  .object({
    found: z
      .array(
        z.object({
          text: foreignName("choice").meta({ description: "A part of the search" }),
          by: z
            .enum(["word", "topic"])
            .meta({ description: "The word itself, or another one with this meaning" }),
          in: z.enum(["name", "tags, categories or key", "description", "texts of campaigns"]),
        }),
      )
      .meta({ description: "What of the search the service has" }),
    text: Share.meta({ description: "How well it fits the search. Counts 0.4 of the relevance" }),
    budget_fit: Share.meta({ description: "1: free, 0: takes the whole budget. Counts 0.3" }),
    preference: Share.meta({ description: "1: a preferred task, 0.5: a neutral one. Counts 0.3" }),
    reliability: Share.meta({
      description: "The share of paid calls that were delivered. The sum is multiplied by it",
    }),
  })
  .meta({ id: "Why" });

/** What stands between the caller and a service. In the order in which it is told. */
const Obstacle = z.enum([
  "category_not_in_scope",
  "task_type_not_in_scope",
  "data_types_not_in_scope",
  "not_eligible",
  "user_cap_reached",
  "sponsor_budget_exhausted",
  "task_type_avoided",
  "filtered_out",
]);

const NearMiss = z
  .object({
    service_key: foreignServiceKey(),
    name: foreignText(),
    categories: z.array(foreignName("category")),
    because: z.array(Obstacle).meta({
      description: "What stands in the way: scopes, budgets, preferences, or a filter of this search",
    }),
  })
  .meta({ id: "NearMiss" });

export const ServiceView = z
  .object({
    service_type: z.enum(["campaign", "sponsored_api"]),
    service_id: z.string().meta({ description: "Id of the campaign or the sponsored API" }),
    service_key: foreignServiceKey(),
    name: foreignText(),
    description: foreignText(),
    sponsor: foreignText(),
    required_task: foreignText(),
    task_type: foreignName("task").nullable(),
    subsidy_amount_cents: z.number().meta({ description: "The most that the sponsor pays for a call" }),
    price_cents: z.number().meta({ description: "The most that a call costs" }),
    categories: z.array(foreignName("category")),
    tags: foreignTexts(),
    estimated_task_duration_seconds: z.number().nullable(),
    relevance_score: z.number().min(0).max(1),
    already_completed: z
      .boolean()
      .meta({ description: "True if the service can be run without doing a task first" }),
    active: z.boolean(),
    input_schema: foreignSchema(z.record(z.string(), JsonValue)).meta({
      description: "JSON Schema of a run's input",
    }),
    output_schema: OutputSchema.optional(),
    why: Why.optional().meta({ description: "Only if `explain` asks for it" }),
  })
  .meta({ id: "Service" });
export type ServiceView = z.infer<typeof ServiceView>;

const DirectServiceView = z
  .object({
    service_key: foreignServiceKey(),
    name: foreignText(),
    description: foreignText(),
    price_cents: z.number().meta({ description: "The most that a call costs, without our fee" }),
    categories: z.array(foreignName("category")),
    input_schema: foreignSchema(z.record(z.string(), JsonValue)),
    output_schema: OutputSchema.optional(),
  })
  .meta({ id: "DirectService" });

export const SearchOutput = z.object({
  services: z.array(ServiceView),
  total_count: z
    .number()
    .int()
    .meta({ description: "How many results there are; at least so many, if `total_is_lower_bound`" }),
  total_is_lower_bound: z.literal(true).optional().meta({
    description:
      "The search fits more services than are looked at: the best some hundreds. Narrow it to see others",
  }),
  available_categories: z.array(foreignName("category")).optional().meta({
    description: "If nothing was found: categories in your scopes that have services, the most common first",
  }),
  near_misses: z.array(NearMiss).optional().meta({
    description:
      "Services that fit the search, but that you can't use as things are. Beside results, only those out of your scopes",
  }),
  understood: z
    .object({
      parts: foreignTexts().meta({ description: "What was looked for, word by word" }),
      corrected: foreignTexts()
        .optional()
        .meta({ description: "The search with other spelling, if that was changed" }),
    })
    .optional()
    .meta({
      description: "How the search was read. Only if `explain` asks for it, or the spelling was changed",
    }),
  offset: z.number().int(),
  limit: z.number().int(),
  applied_filters: z.record(z.string(), JsonValue).meta({ description: "The filters that were given" }),
  direct_payment: z
    .object({ services: z.array(DirectServiceView) })
    .optional()
    .meta({ description: "Services that the caller can pay for directly, if no sponsor pays" }),
});

export const PreviewSearchInput = z.strictObject({
  service_key: ServiceKey,
  text: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .meta({
      description: "What an agent could search for. Default: the service's names",
      examples: ["sunset times"],
    }),
});

const AgentsFind = z
  .object({
    place: z
      .number()
      .int()
      .nullable()
      .meta({ description: "Its place among the results. null: none of them" }),
    total: z.number().int(),
    services: z
      .array(
        ServiceView.extend({ is_own: z.boolean().meta({ description: "It is this service" }), why: Why }),
      )
      .meta({ description: "The first results, and the service itself if it comes later" }),
    because: z
      .array(z.union([Obstacle, z.enum(["nobody_pays", "not_among_the_best_matches"])]))
      .meta({ description: "Why it isn't among the results. Empty: it is" }),
  })
  .meta({
    description:
      "What the search answers to an agent whose user has no roles and tools and no task preferences",
  });

export const PreviewSearchOutput = z.object({
  service_key: z.string(),
  found_by: z.object({
    words: z
      .array(z.string())
      .meta({ description: "Words of its texts and of its campaigns, without their endings" }),
    topics: z
      .array(z.string())
      .meta({ description: "What the words mean: it is found by other words of these topics too" }),
  }),
  searches: z.array(
    z.object({
      text: z.string(),
      place: z
        .number()
        .int()
        .nullable()
        .meta({ description: "Its place by the text alone. null: not among the first some hundreds" }),
      first: z
        .array(z.object({ service_key: z.string(), name: z.string(), text: Share }))
        .meta({ description: "The services that fit best, with how well" }),
      agents_find: AgentsFind,
    }),
  ),
});
