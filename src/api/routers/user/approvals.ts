import { z } from "zod";
import {
  ApprovalPage,
  decideQuestion,
  DecideQuestionInput,
  enterCode,
  EnterCodeInput,
  listQuestions,
  Question,
  readQuestion,
  ReadQuestionInput,
} from "../../../core/access/decision/index.ts";
import type { UserActor } from "../../../core/context.ts";
import { catalogueChoices } from "../../../core/discovery/search/index.ts";
import { limitedBy, type PersonContext, personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

const questionContext = ({ deps, actor }: Pick<PersonContext, "deps"> & { actor: UserActor }) => ({
  db: deps.db,
  actor,
  listChoices: () => catalogueChoices(deps),
});

export const approvalProcedures = {
  get: personProcedure
    .input(ReadQuestionInput)
    .output(success(ApprovalPage))
    .query(async ({ ctx, input }) => ok(ctx, await readQuestion(questionContext(ctx), input))),

  list: personProcedure
    .output(success(z.object({ questions: z.array(Question) })))
    .query(async ({ ctx }) => ok(ctx, await listQuestions(questionContext(ctx)))),

  enter_code: limitedBy("codeEntered")
    .input(EnterCodeInput)
    .output(success(ApprovalPage))
    .mutation(async ({ ctx, input }) => {
      await enterCode({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, await readQuestion(questionContext(ctx), input));
    }),

  decide: personProcedure
    .input(DecideQuestionInput)
    .output(success(ApprovalPage))
    .mutation(async ({ ctx, input }) => {
      await decideQuestion({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, await readQuestion(questionContext(ctx), { approval_id: input.approval_id }));
    }),
};
