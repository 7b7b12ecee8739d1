import { z } from "zod";
import { Source } from "../../personal-data/vault/index.ts";
import { DataTypeField, Id, JsonObject, Page, Paging, Timestamp } from "../../protocol/fields.ts";

/** Nothing here says who answered, beyond what they answered themselves. */
export const AnswerView = z
  .object({
    answer_id: z.string(),
    respondent_id: z
      .string()
      .meta({ description: "The same for all answers of one person to this campaign, and only to this one" }),
    task_data: JsonObject.meta({ description: "As the campaign's task schema asks" }),
    data_types: z.array(DataTypeField).meta({ description: "Personal data in it" }),
    sources: z.record(z.string(), Source).nullable().meta({
      description:
        "Who each value came from, by JSON Pointer into task_data: the agent, the user's stored data (vault), or the user. Null where it wasn't recorded.",
    }),
    contact_permitted: z.boolean().meta({ description: "The person may be contacted" }),
    submitted_at: Timestamp,
    retained_until: Timestamp.meta({ description: "It is deleted then" }),
  })
  .meta({ id: "Answer" });
export type AnswerView = z.infer<typeof AnswerView>;

export const ListAnswersInput = Paging.extend({ campaign_id: Id });
export const ListAnswersOutput = z.object({ answers: z.array(AnswerView), ...Page.shape });

export const ExportAnswersInput = z.strictObject({
  campaign_id: Id,
  format: z.enum(["json", "csv"]).optional().meta({ description: "Default: json" }),
});
