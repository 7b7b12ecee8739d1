import type { Cipher } from "../../ports/cipher.ts";
import type { z } from "zod";
import type { SchemaFacts } from "../../personal-data/data-schema/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { GetTaskOutput, OwnTaskOutput } from "./schema.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Binds encrypted answers to their completion. */
const detailsContext = (completionId: string): string => `task_completions.details:${completionId}`;

/** Encrypts answers for storing. */
export const encryptAnswers = (
  cipher: Cipher,
  completionId: string,
  taskData: Record<string, unknown>,
): Uint8Array<ArrayBuffer> => cipher.encrypt(JSON.stringify(taskData), detailsContext(completionId));

/** Reads what `encryptAnswers` wrote. */
export const decryptAnswers = (
  cipher: Cipher,
  completionId: string,
  details: Uint8Array,
): Record<string, unknown> =>
  JSON.parse(cipher.decrypt(details, detailsContext(completionId)).toString("utf8")) as Record<
    string,
    unknown
  >;

/** The page on which the user reads a task in the sponsor's words, and can answer it. */
const taskUrl = (publicBaseUrl: string, campaignId: string): string => `${publicBaseUrl}/tasks/${campaignId}`;

/**
 * Says in our words what a task asks for.
 *
 * @param fields the names of its top-level fields
 * @param stored the data types that the user has stored and the session may pass on
 * @example summarizeTask(schema, ["score", "email"], ["email"]) // "2 questions, 1 of them answered from your stored data"
 */
function summarizeTask(
  taskSchema: Record<string, unknown>,
  fields: readonly string[],
  stored: readonly DataType[],
): string {
  const properties = (taskSchema["properties"] ?? {}) as Record<
    string,
    { "x-data-type"?: DataType } | boolean
  >;
  const fromStored = fields.filter((name) => {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const type = typeof field === "object" ? field["x-data-type"] : undefined;
    return type !== undefined && stored.includes(type);
  });
  const questions = `${fields.length} question${fields.length === 1 ? "" : "s"}`;
  return fromStored.length === 0
    ? questions
    : `${questions}, ${fromStored.length} of them answered from your stored data`;
}

/** A campaign's task, as far as it doesn't depend on who looks at it. */
export interface TaskOfCampaign {
  id: string;
  name: string;
  sponsorName: string;
  requiredTask: string;
  taskType: string;
  taskDescription: string;
  purpose: string;
  retentionDays: number;
  taskSchema: unknown;
  subsidyMicros: bigint;
  holdback: string | null;
  holdbackSeconds: number | null;
}

/** Minutes that a campaign holds answers back at most. 0: its rule decides at once. Null: they count without being accepted. */
const heldBackMinutes = ({
  holdback,
  holdbackSeconds,
}: Pick<TaskOfCampaign, "holdback" | "holdbackSeconds">): number | null =>
  holdback === null ? null : Math.ceil((holdbackSeconds ?? 0) / 60);

/** A task as agents read it. @param stored the data types that the user has stored and the session may pass on */
export function toAgentsTask(
  campaign: TaskOfCampaign,
  { requiredFields, optionalFields, dataTypes }: SchemaFacts,
  {
    stored,
    alreadyCompleted,
    publicBaseUrl,
    review,
  }: {
    stored: DataType[];
    alreadyCompleted: boolean;
    publicBaseUrl: string;
    review: z.infer<typeof GetTaskOutput>["review"];
  },
): z.infer<typeof GetTaskOutput> {
  const taskSchema = campaign.taskSchema as Record<string, unknown>;
  return {
    campaign_id: campaign.id,
    campaign_name: campaign.name,
    sponsor: campaign.sponsorName,
    required_task: campaign.requiredTask,
    task_type: campaign.taskType,
    task_description: campaign.taskDescription,
    purpose: campaign.purpose,
    task_summary: summarizeTask(taskSchema, [...requiredFields, ...optionalFields], stored),
    task_url: taskUrl(publicBaseUrl, campaign.id),
    task_input_schema: taskSchema,
    required_fields: [...requiredFields],
    optional_fields: [...optionalFields],
    data_types: [...dataTypes.all],
    stored_data_types: stored,
    subsidy_amount_cents: microsToCents(campaign.subsidyMicros),
    already_completed: alreadyCompleted,
    held_back_minutes: heldBackMinutes(campaign),
    review,
  };
}

/** A task as its user reads it, without what is the user's own. */
export const toOwnTask = (
  campaign: TaskOfCampaign,
): Omit<z.infer<typeof OwnTaskOutput>, "stored" | "pays_for" | "completed_at" | "review"> => ({
  campaign_id: campaign.id,
  campaign_name: campaign.name,
  sponsor: campaign.sponsorName,
  required_task: campaign.requiredTask,
  task_description: campaign.taskDescription,
  purpose: campaign.purpose,
  retention_days: campaign.retentionDays,
  task_schema: campaign.taskSchema as Record<string, unknown>,
  held_back_minutes: heldBackMinutes(campaign),
});
