import { z } from "zod";
import { approvalPageOf, Question } from "../../access/decision/index.ts";

const { data_types: dataTypes } = Question.shape.asks.shape;

/** A question with the person's own stored values beside the types of data that are asked for. */
const OwnQuestion = Question.extend({
  asks: Question.shape.asks.extend({
    data_types: z.array(
      dataTypes.element.extend({
        value: z
          .string()
          .nullable()
          .meta({ description: "What is stored, cut if it is long. null: nothing" }),
      }),
    ),
  }),
});
export type OwnQuestion = z.infer<typeof OwnQuestion>;

export const OwnApprovalPage = approvalPageOf(OwnQuestion);
export type OwnApprovalPage = z.infer<typeof OwnApprovalPage>;
export const ListOwnQuestionsOutput = z.object({ questions: z.array(OwnQuestion) });
