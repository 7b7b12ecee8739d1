import {
  FundOutput,
  payByWallet,
  PayByWalletInput,
  readWalletTerms,
  WalletTermsInput,
  WalletTermsOutput,
} from "../../../../core/sponsorship/funding/index.ts";
import {
  FundsOutput,
  listDays,
  ListDaysInput,
  ListDaysOutput,
  listMovements,
  ListMovementsInput,
  ListMovementsOutput,
  readFunds,
} from "../../../../core/sponsorship/funds/index.ts";
import {
  withdrawBudget,
  WithdrawInput,
  WithdrawOutput,
} from "../../../../core/sponsorship/withdrawal/index.ts";
import { memberProcedure, NoInput } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

export const fundProcedures = {
  list: memberProcedure
    .input(NoInput)
    .output(success(FundsOutput))
    .query(async ({ ctx }) => ok(ctx, await readFunds({ ...ctx.deps, actor: ctx.actor }))),

  movements: memberProcedure
    .input(ListMovementsInput)
    .output(success(ListMovementsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listMovements({ ...ctx.deps, actor: ctx.actor }, input))),

  days: memberProcedure
    .input(ListDaysInput)
    .output(success(ListDaysOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listDays({ ...ctx.deps, actor: ctx.actor }, input))),

  /** What a wallet in the browser signs. */
  terms: memberProcedure
    .input(WalletTermsInput)
    .output(success(WalletTermsOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await readWalletTerms({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  pay: memberProcedure
    .input(PayByWalletInput)
    .output(success(FundOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, (await payByWallet({ ...ctx.deps, actor: ctx.actor }, input)).data),
    ),

  withdraw: memberProcedure
    .input(WithdrawInput)
    .output(success(WithdrawOutput))
    .mutation(async ({ ctx, input: { sponsor_id: _, ...input } }) =>
      ok(ctx, (await withdrawBudget({ ...ctx.deps, actor: ctx.actor }, input)).data),
    ),
};
