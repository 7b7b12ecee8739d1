import {
  DecideQuestionInput,
  enterCode,
  EnterCodeInput,
  ReadQuestionInput,
} from "../../../core/access/decision/index.ts";
import {
  decideOwnQuestion,
  listOwnQuestions,
  ListOwnQuestionsOutput,
  OwnApprovalPage,
  readOwnQuestion,
} from "../../../core/account/questions/index.ts";
import { limitedBy, personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

export const approvalProcedures = {
  get: personProcedure
    .input(ReadQuestionInput)
    .output(success(OwnApprovalPage))
    .query(async ({ ctx, input }) =>
      ok(ctx, await readOwnQuestion({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  list: personProcedure
    .output(success(ListOwnQuestionsOutput))
    .query(async ({ ctx }) => ok(ctx, await listOwnQuestions({ ...ctx.deps, actor: ctx.actor }))),

  enter_code: limitedBy("codeEntered")
    .input(EnterCodeInput)
    .output(success(OwnApprovalPage))
    .mutation(async ({ ctx, input: { approval_id, code } }) => {
      const own = { ...ctx.deps, actor: ctx.actor };
      await enterCode(own, { approval_id, code });
      return ok(ctx, await readOwnQuestion(own, { approval_id }));
    }),

  decide: personProcedure
    .input(DecideQuestionInput)
    .output(success(OwnApprovalPage))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await decideOwnQuestion({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
