import { z } from "zod";
import { Source } from "../../personal-data/vault/index.ts";
import { DataTypeField, Id, JsonObject, Page, Paging, Timestamp } from "../../protocol/fields.ts";

/** An answer. Nothing in it says who answered, except the answers themselves. */
export const AnswerView = z
  .object({
    answer_id: z.string(),
    respondent_id: z.string().meta({
      description: "The same for all answers of one person to this campaign. Other campaigns get another id",
    }),
    task_data: JsonObject.meta({ description: "The answers, as the campaign's task schema requires" }),
    data_types: z.array(DataTypeField).meta({ description: "Types of personal data in the answers" }),
    sources: z.record(z.string(), Source).nullable().meta({
      description:
        "Where each value came from, by JSON Pointer into task_data: the agent, the user's stored data (vault), or the user. null: not recorded",
    }),
    contact_permitted: z.boolean().meta({ description: "The sponsor may contact the person" }),
    submitted_at: Timestamp,
    retained_until: Timestamp.meta({ description: "The answers are deleted then" }),
  })
  .meta({ id: "Answer" });
export type AnswerView = z.infer<typeof AnswerView>;

export const ListAnswersInput = Paging.extend({ campaign_id: Id });
export const ListAnswersOutput = z.object({ answers: z.array(AnswerView), ...Page.shape });

export const ExportAnswersInput = z.strictObject({
  campaign_id: Id,
  format: z.enum(["json", "csv"]).optional().meta({ description: "Default: json" }),
});
