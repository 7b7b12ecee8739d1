import { z } from "zod";
import {
  listOperatorEntries,
  ListOperatorEntriesInput,
  ListOperatorEntriesOutput,
} from "../../../core/access/operator/index.ts";
import { liftSuspension, ResumeAgentInput, ResumeAgentOutput } from "../../../core/access/violation/index.ts";
import {
  PausePaymentsInput,
  PaymentSwitch,
  setPaymentSwitch,
} from "../../../core/money/outflow-limits/index.ts";
import { OverviewOutput, readOverview } from "../../../core/operations/overview/index.ts";
import { operatorProcedure } from "../../procedure/operator.ts";
import { ok, success } from "../../response/envelope.ts";

/** What operators see and do. Each is refused to everybody else as if it weren't there. */
export const operationProcedures = {
  overview: operatorProcedure
    .output(success(OverviewOutput))
    .query(async ({ ctx }) => ok(ctx, await readOverview(ctx.deps))),

  log: operatorProcedure
    .input(ListOperatorEntriesInput)
    .output(success(ListOperatorEntriesOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listOperatorEntries(ctx.deps, input))),

  pause: operatorProcedure
    .input(PausePaymentsInput)
    .output(success(PaymentSwitch))
    .mutation(async ({ ctx, input: { reason } }) =>
      ok(ctx, await setPaymentSwitch(ctx.deps, { paused: true, reason })),
    ),

  resume: operatorProcedure
    .input(z.strictObject({}))
    .output(success(PaymentSwitch))
    .mutation(async ({ ctx }) => ok(ctx, await setPaymentSwitch(ctx.deps, { paused: false }))),

  lift_suspension: operatorProcedure
    .input(ResumeAgentInput)
    .output(success(ResumeAgentOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await liftSuspension(ctx.deps, input))),
};
