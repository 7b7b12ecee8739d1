import {
  addOperator,
  AddOperatorInput,
  AddOperatorOutput,
  listOperators,
  ListOperatorsInput,
  ListOperatorsOutput,
  removeOperator,
  RemoveOperatorInput,
  RemoveOperatorOutput,
} from "../../../core/access/operator/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";

const OPERATOR = {
  operator_id: "3c5e7a91-2b4d-4f60-8a1c-9e0d7b6a5f42",
  email: "ada@example.com",
  passkeys: 1,
  added_by: "Grace, on call",
  added_at: "2026-11-28T09:00:00.000Z",
  removed_at: null,
};

/** Who looks after the server in the console. Nothing but the administrator's key makes an operator. */
export const operatorProcedures = {
  addOperator: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/operators",
        summary: "Make an account an operator",
        description:
          "By the address that it signs in with. Only the passkeys that it has now open the page /operators. Repeating it takes its present passkeys.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { email: "ada@example.com", added_by: "Grace, on call" }, response: OPERATOR },
    })
    .input(AddOperatorInput)
    .output(success(AddOperatorOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await addOperator(ctx.deps, input))),

  listOperators: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/operators",
        summary: "List operators, newest first",
        description: "With those that were removed.",
      },
      example: { response: { operators: [OPERATOR], total_count: 1, offset: 0, limit: 50 } },
    })
    .input(ListOperatorsInput)
    .output(success(ListOperatorsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listOperators(ctx.deps, input))),

  removeOperator: adminProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/admin/operators/{operator_id}",
        summary: "Remove an operator",
        description: "Counts from their very next call. Their account stays. Repeating it changes nothing.",
      },
      errors: ["not_found"],
      example: { request: { operator_id: OPERATOR.operator_id } },
    })
    .input(RemoveOperatorInput)
    .output(success(RemoveOperatorOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await removeOperator(ctx.deps, input))),
};
