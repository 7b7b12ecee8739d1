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
import {
  foreignFieldError,
  foreignName,
  foreignSchema,
  foreignServiceKey,
  foreignText,
} from "../../protocol/foreign/index.ts";

export const PlanInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "The input of the run. It is checked if it is given" }),
  campaign_id: Id.optional().meta({
    description: "Plan with this campaign. Default: the first payer that is ready",
  }),
});

export const PlanOutput = z.object({
  service: foreignServiceKey(),
  ready: z.boolean().meta({ description: "True if a sponsor would pay for run_service right now" }),
  price_cents: z.number().meta({ description: "What a call costs at most" }),
  expected_cost_cents: z.number().meta({
    description:
      "What the call will probably cost: the lowest price the upstream has asked for so far, or else `price_cents`. 0 if it is free",
  }),
  expected_duration_seconds: z
    .number()
    .meta({ description: "Seconds for the task, if one is left to do, plus the upstream's timeout" }),
  payer: z
    .object({
      sponsored_by: foreignText(),
      campaign_id: z.string().optional(),
      remaining_budget_cents: z.number(),
    })
    .nullable()
    .meta({ description: "The payer. null: no sponsor would pay" }),
  task: z
    .object({
      campaign_id: z.string(),
      required_task: foreignText(),
      task_type: foreignName("task"),
      required_fields: z.array(foreignName("field")),
      optional_fields: z.array(foreignName("field")),
      required_data_types: z.array(DataTypeField),
      estimated_task_duration_seconds: z.number().nullable(),
    })
    .nullable()
    .meta({ description: "The task that has to be completed first. null: none" }),
  missing: z.object({
    scopes: ExplicitScopes.meta({ description: "Scopes that the session lacks" }),
    consent: ExplicitScopes.meta({ description: "Those of them that the user's grant lacks too" }),
    budget_cents: z
      .number()
      .meta({ description: "Cents that the session or the grant lacks, whichever lacks more" }),
    input: z.array(foreignFieldError()).meta({ description: "Errors in the input, if one was given" }),
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
        "The smallest approval that makes the run possible. `session`: open a wider session. `grant`: the user has to grant these scopes. `budget`: the user has to approve this one payment. null: nothing is missing, or no approval would help",
    }),
  blocked: z.object({ error_code: ErrorCodeField, message: z.string() }).nullable().meta({
    description: "Why neither an approval nor a task would make the run possible. null: it is possible",
  }),
  input_schema: foreignSchema(z.record(z.string(), JsonValue)),
  output_schema: foreignSchema(z.record(z.string(), JsonValue))
    .optional()
    .meta({ description: "JSON Schema of the answers, if the sponsor gave one" }),
});
