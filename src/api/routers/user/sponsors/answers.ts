import {
  listAnswers,
  ListAnswersInput,
  ListAnswersOutput,
} from "../../../../core/sponsorship/answer/index.ts";
import { memberProcedure } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

export const answerProcedures = {
  list: memberProcedure
    .input(ListAnswersInput)
    .output(success(ListAnswersOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listAnswers({ ...ctx.deps, actor: ctx.actor }, input))),
};
