import { z } from "zod";
import { DataTypeField, Id, JsonObject, Timestamp } from "../../protocol/fields.ts";
import { foreignName, foreignSchema, foreignText } from "../../protocol/foreign/index.ts";
import { Review } from "./review.ts";

export const GetTaskInput = z.strictObject({ campaign_id: Id });

export const GetTaskOutput = z.object({
  campaign_id: z.string(),
  campaign_name: foreignText(),
  sponsor: foreignText(),
  required_task: foreignText(),
  task_type: foreignName("task"),
  task_description: foreignText(),
  purpose: foreignText().meta({
    description: "What the sponsor uses the answers for; show it with the consent",
  }),
  task_summary: z.string().meta({
    description: "What the task asks for, in our words",
    examples: ["3 questions, 2 of them answered from your stored data"],
  }),
  task_url: z.string().meta({
    description: "Page on which the user reads the sponsor's words, and can answer without you",
  }),
  task_input_schema: foreignSchema(JsonObject).meta({ description: "JSON Schema (2020-12) of task_data" }),
  required_fields: z.array(foreignName("field")),
  optional_fields: z.array(foreignName("field")),
  data_types: z
    .array(DataTypeField)
    .meta({ description: "Types of personal data that the answers can hold" }),
  stored_data_types: z.array(DataTypeField).meta({
    description:
      'Those of these types that the user has stored and the session may pass on. Send {"$vault": "email"} in place of the value',
  }),
  subsidy_amount_cents: z.number(),
  already_completed: z.boolean(),
  held_back_minutes: z.number().int().nullable().meta({
    description:
      "Answers unlock runs once the sponsor has accepted them, which takes at most so many minutes. 0: a rule decides at once. null: they count without being accepted",
  }),
  review: Review.nullable().meta({ description: "What became of the answers that were given before" }),
});

export const CompleteTaskInput = z.strictObject({
  campaign_id: Id,
  task_data: JsonObject.meta({
    description:
      'The answers, as the task\'s schema requires. {"$vault": "<data type>"} in place of a value stands for the value that the user has stored',
  }),
  consent: z.strictObject({
    data_sharing_agreed: z
      .boolean()
      .meta({ description: "The user agrees that the answers go to the sponsor" }),
    purpose_acknowledged: z.boolean().meta({ description: "The user knows what the sponsor uses them for" }),
    contact_permission: z.boolean().meta({ description: "The sponsor may contact the user" }),
  }),
  dry_run: z.boolean().optional().meta({ description: "Check everything, store nothing" }),
});

export const CompleteTaskOutput = z.object({
  task_completion_id: z.string().optional().meta({ description: "Absent in a dry run" }),
  campaign_id: z.string(),
  consent_recorded: z.boolean(),
  can_use_service: z
    .boolean()
    .meta({ description: "True if this sponsor would pay for a service right now" }),
  already_completed: z.boolean(),
  review: Review.nullable()
    .optional()
    .meta({ description: "Whether the answers unlock runs already. Absent in a dry run" }),
  dry_run: z.literal(true).optional().meta({ description: "Nothing was stored" }),
});

/** A task as its user reads it, in the sponsor's words. */
export const OwnTaskOutput = z.object({
  campaign_id: z.string(),
  campaign_name: z.string(),
  sponsor: z.string(),
  required_task: z.string(),
  task_description: z.string(),
  purpose: z.string(),
  retention_days: z.number().int(),
  task_schema: JsonObject,
  stored: z
    .array(z.object({ data_type: DataTypeField, value: z.unknown() }))
    .meta({ description: "What the user has stored of the data that the task asks for" }),
  pays_for: z.array(z.string()).meta({ description: "Keys of the services that the sponsor then pays for" }),
  completed_at: Timestamp.nullable(),
  held_back_minutes: z.number().int().nullable(),
  review: Review.nullable(),
});

export const AnswerOwnTaskInput = z.strictObject({
  campaign_id: Id,
  task_data: JsonObject,
  contact_permission: z.boolean(),
});
export const AnswerOwnTaskOutput = z.object({
  task_completion_id: z.string(),
  already_completed: z.boolean(),
  review: Review.nullable(),
});
