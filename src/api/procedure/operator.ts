import { findOperatorOf } from "../../core/access/operator/index.ts";
import { AppError, notFound } from "../../core/protocol/errors.ts";
import { auditOperatorCall } from "./audit-operator-call.ts";
import { personProcedure } from "./person.ts";

/** Where these procedures stand in the console's router. */
const ROUTER = "user.operations.";

/**
 * The procedures of the console for operators, who are in a table of their own: nothing that is stored of a user makes one. Who is none is
 * answered as if there were nothing here. An operator needs a sign-in with one of their passkeys. Both are read anew for every call. Every
 * change, and every refused one, is written down with who made it.
 */
export const operatorProcedure = personProcedure.use(async ({ ctx, path, type, getRawInput, next }) => {
  const operator = await findOperatorOf(ctx.deps, ctx.actor);
  if (operator === undefined) throw notFound("page");
  const call = async () => {
    if (!operator.byPasskey)
      throw new AppError("forbidden", {
        message: "Sign in with a passkey that you had when you were made an operator.",
      });
    return next({ ctx: { operatorId: operator.operatorId } });
  };
  if (type !== "mutation") return call();
  const input: unknown = await getRawInput().catch(() => undefined);
  return auditOperatorCall(ctx.deps, operator.operatorId, path.slice(ROUTER.length), input, call);
});
