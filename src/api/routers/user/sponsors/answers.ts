import {
  acceptAnswer,
  AcceptAnswerInput,
  confirmCopiesDeleted,
  ConfirmDeletionInput,
  ConfirmDeletionOutput,
  JudgedAnswer,
  listAnswers,
  ListAnswersInput,
  ListAnswersOutput,
  listWithdrawn,
  ListWithdrawnInput,
  ListWithdrawnOutput,
  rejectAnswer,
  RejectAnswerInput,
  searchAnswers,
  SearchAnswersInput,
  SearchAnswersOutput,
} from "../../../../core/sponsorship/answer/index.ts";
import { memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

export const answerProcedures = {
  list: memberProcedure
    .input(ListAnswersInput)
    .output(success(ListAnswersOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listAnswers({ ...ctx.deps, actor: ctx.actor }, input))),

  search: memberProcedure
    .input(SearchAnswersInput)
    .output(success(SearchAnswersOutput))
    .query(async ({ ctx, input }) => ok(ctx, await searchAnswers({ ...ctx.deps, actor: ctx.actor }, input))),

  accept: memberProcedure
    .input(AcceptAnswerInput)
    .output(success(JudgedAnswer))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await acceptAnswer({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  reject: memberProcedure
    .input(RejectAnswerInput)
    .output(success(JudgedAnswer))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rejectAnswer({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  withdrawn: memberProcedure
    .input(ListWithdrawnInput)
    .output(success(ListWithdrawnOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listWithdrawn({ ...ctx.deps, actor: ctx.actor }, input))),

  confirm_deletion: memberProcedure
    .input(ConfirmDeletionInput)
    .output(success(ConfirmDeletionOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await confirmCopiesDeleted({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
