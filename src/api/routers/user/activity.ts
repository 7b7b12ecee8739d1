import {
  listOwnPayments,
  ListOwnPaymentsInput,
  ListOwnPaymentsOutput,
} from "../../../core/money/payment/index.ts";
import {
  listOwnCalls,
  ListOwnCallsInput,
  ListOwnCallsOutput,
} from "../../../core/observability/audit/index.ts";
import { personProcedure, personRouter } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

export const activityProcedures = {
  payments: personRouter({
    list: personProcedure
      .input(ListOwnPaymentsInput)
      .output(success(ListOwnPaymentsOutput))
      .query(async ({ ctx, input }) =>
        ok(ctx, await listOwnPayments({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
  }),
  activity: personRouter({
    list: personProcedure
      .input(ListOwnCallsInput)
      .output(success(ListOwnCallsOutput))
      .query(async ({ ctx, input }) => ok(ctx, await listOwnCalls({ ...ctx.deps, actor: ctx.actor }, input))),
  }),
};
