import {
  answerOwnTask,
  AnswerOwnTaskInput,
  AnswerOwnTaskOutput,
  GetTaskInput,
  OwnTaskOutput,
  readOwnTask,
} from "../../../core/sponsorship/task/index.ts";
import { personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

/** Tasks of sponsors, in the sponsors' words. */
export const taskProcedures = {
  get: personProcedure
    .input(GetTaskInput)
    .output(success(OwnTaskOutput))
    .query(async ({ ctx, input }) => ok(ctx, await readOwnTask({ ...ctx.deps, actor: ctx.actor }, input))),

  answer: personProcedure
    .input(AnswerOwnTaskInput)
    .output(success(AnswerOwnTaskOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await answerOwnTask({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
