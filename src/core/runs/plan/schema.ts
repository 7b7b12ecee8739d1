import { z } from "zod";
import {
  DataTypeField,
  ErrorCodeField,
  ExplicitScopes,
  Id,
  JsonObject,
  JsonValue,
  ServiceKey,
} from "../../protocol/fields.ts";

export const PlanInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "The input of the run; checked if given" }),
  campaign_id: Id.optional().meta({
    description: "Plan with this campaign. Left out: with whoever pays first",
  }),
});

export const PlanOutput = z.object({
  service: z.string(),
  ready: z.boolean().meta({ description: "run_service would be paid right now" }),
  price_cents: z.number().meta({ description: "What a call costs at most" }),
  expected_cost_cents: z.number().meta({ description: "What the upstream asked for last" }),
  expected_duration_seconds: z
    .number()
    .meta({ description: "The task, if one is left to do, and the longest the upstream may take" }),
  payer: z
    .object({
      sponsored_by: z.string(),
      campaign_id: z.string().optional(),
      remaining_budget_cents: z.number(),
    })
    .nullable()
    .meta({ description: "Who would pay; null: nobody" }),
  task: z
    .object({
      campaign_id: z.string(),
      required_task: z.string(),
      task_type: z.string(),
      required_fields: z.array(z.string()),
      optional_fields: z.array(z.string()),
      required_data_types: z.array(DataTypeField),
      estimated_task_duration_seconds: z.number().nullable(),
    })
    .nullable()
    .meta({ description: "What has to be completed first; null: nothing" }),
  missing: z.object({
    scopes: ExplicitScopes.meta({ description: "What the session lacks" }),
    consent: ExplicitScopes.meta({ description: "What of it the user's grant lacks too" }),
    budget_cents: z.number().meta({ description: "What session or grant are short of" }),
    input: z
      .array(z.object({ path: z.string(), message: z.string(), keyword: z.string() }))
      .meta({ description: "What is wrong with the input, if one was given" }),
  }),
  smallest_approval: z
    .object({
      kind: z.enum(["session", "grant", "budget"]),
      scopes: ExplicitScopes.optional(),
      budget_limit_cents: z.number(),
    })
    .nullable()
    .meta({
      description:
        "The least that would make it possible: `session`: opening a wider one is enough; `grant`: the user has to grant this; `budget`: the user has to allow this one payment. null: nothing is missing, or no approval would help",
    }),
  blocked: z
    .object({ error_code: ErrorCodeField, message: z.string() })
    .nullable()
    .meta({ description: "Why no approval and no task would make it possible" }),
  input_schema: z.record(z.string(), JsonValue),
});
