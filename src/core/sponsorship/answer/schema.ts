import { z } from "zod";
import { Source } from "../../personal-data/vault/index.ts";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import {
  DataTypeField,
  Id,
  JsonObject,
  Page,
  Paging,
  Timestamp,
  visibleText,
} from "../../protocol/fields.ts";
import { RejectReason } from "../../protocol/reject-reasons.ts";

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
    state: z.enum(["held_back", "open", "accepted"]).meta({
      description:
        "held_back: it unlocks no runs yet. open: it does, and can still be rejected. accepted: it can't be rejected any more",
    }),
    judge_until: Timestamp.meta({ description: "If it isn't judged by then, it counts as accepted" }),
    consent: z
      .object({
        given_at: Timestamp,
        granted_via: z
          .enum(["agent", "human"])
          .meta({ description: "Whether an agent passed the consent on, or the person gave it here" }),
        purpose: z.string().meta({ description: "What the person agreed to" }),
      })
      .meta({ description: "The consent to sharing it" }),
    submitted_at: Timestamp,
    retained_until: Timestamp.meta({ description: "The answers are deleted then" }),
  })
  .meta({ id: "Answer" });
export type AnswerView = z.infer<typeof AnswerView>;

export const ListAnswersInput = Paging.extend({
  campaign_id: Id,
  to_judge: z
    .boolean()
    .optional()
    .meta({ description: "Only answers that can still be accepted or rejected" }),
});
export const ListAnswersOutput = z.object({ answers: z.array(AnswerView), ...Page.shape });

export const ExportAnswersInput = z.strictObject({
  campaign_id: Id,
  format: z
    .enum(["json", "jsonl", "csv"])
    .optional()
    .meta({ description: "jsonl: one answer a line. Default: json" }),
});

const answerId = { answer_id: Id };
export const GetAnswerInput = z.strictObject(answerId);
export const AnswerOfCampaign = AnswerView.extend({ campaign_id: z.string() });
export const AcceptAnswerInput = z.strictObject(answerId);
export const RejectAnswerInput = z.strictObject({
  ...answerId,
  reason: RejectReason.exclude(["rule"]),
  note: visibleText(1, 300)
    .optional()
    .meta({ description: "For the person and their agent. No one else reads it" }),
});

/** An answer after its verdict. */
export const JudgedAnswer = z.object({
  answer_id: z.string(),
  campaign_id: z.string(),
  state: z.enum(["accepted", "rejected"]),
});

/** An answer whose consent was withdrawn. Its content is gone here, and has to go from the sponsor's copies. */
const WithdrawnAnswer = z
  .object({
    answer_id: z.string(),
    submitted_at: Timestamp,
    withdrawn_at: Timestamp,
    copies_deleted_at: Timestamp.nullable().meta({
      description: "When you confirmed that your copies are deleted. null: not yet",
    }),
    copies_deleted_by: z
      .string()
      .nullable()
      .meta({ description: "The member who confirmed it. null: a program of yours, or nobody yet" }),
  })
  .meta({ id: "WithdrawnAnswer" });

export const ListWithdrawnInput = z.strictObject({ campaign_id: Id, ...CursorPaging });
export const ListWithdrawnOutput = z.object({
  withdrawn: z.array(WithdrawnAnswer),
  next_cursor: NextCursor,
});
export const ConfirmDeletionInput = z.strictObject(answerId);
export const ConfirmDeletionOutput = z.object({ answer_id: z.string(), copies_deleted_at: Timestamp });

/** What a member of the sponsor looks for in the console. */
const wanted = {
  to_judge: z.boolean().optional(),
  contact_permitted: z.boolean().optional().meta({ description: "true: only answers that allow contact" }),
  q: z.string().max(100).optional().meta({ description: "A text in the answers, or a whole number" }),
};
export const SearchAnswersInput = z.strictObject({ campaign_id: Id, ...wanted, ...CursorPaging });
/** The console's export: of what the page's filters show. */
export const ExportFoundAnswersInput = ExportAnswersInput.extend(wanted);
export const SearchAnswersOutput = z.object({ answers: z.array(AnswerView), next_cursor: NextCursor });
