import {
  askAbove,
  AskAboveInput,
  dontAsk,
  DontAskInput,
  endRule,
  EndRuleInput,
  RuleOutput,
} from "../../../core/access/rule/index.ts";
import { personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

export const ruleProcedures = {
  ask_above: personProcedure
    .input(AskAboveInput)
    .output(success(RuleOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await askAbove({ ...ctx.deps, actor: ctx.actor }, input))),

  dont_ask: personProcedure
    .input(DontAskInput)
    .output(success(RuleOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await dontAsk({ ...ctx.deps, actor: ctx.actor }, input))),

  end: personProcedure
    .input(EndRuleInput)
    .output(success(RuleOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await endRule({ ...ctx.deps, actor: ctx.actor }, input))),
};
