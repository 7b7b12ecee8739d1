import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { lockApproval, recordDecision } from "../approval/index.ts";
import { userExists } from "../user/index.ts";
import { carryOut, type SetLimit } from "./carry-out.ts";
import type { DecideApprovalInput, DecideApprovalOutput } from "./schema.ts";

/**
 * Records the user's decision on an approval, and carries it out. An approval is decided once. The user may
 * narrow the request, but not widen it.
 * @throws AppError `not_found` for an unknown approval or user, or an approval of another user; `conflict` if
 *   the approval was decided or has expired, or its grant has ended; `validation_error` if the decision is
 *   wider than the request, or leaves out a field of a grant (R6.1)
 * @param needsCode whether the person must have entered the code that the agent shows
 * @param setLimit given if a grant's budget is in all, with what the present one has spent
 */
export async function decideApproval(
  { db, sql, log }: Pick<Deps, "db" | "sql" | "log">,
  input: z.infer<typeof DecideApprovalInput>,
  { needsCode = false, setLimit }: { needsCode?: boolean; setLimit?: SetLimit } = {},
): Promise<z.infer<typeof DecideApprovalOutput>> {
  const approvalId = requireId(input.approval_id, "approval");
  const userId = requireId(input.user_id, "user");

  if (!(await userExists(db, userId))) throw notFound("user");
  const decided = await sql.transaction(async (tx) => {
    const approval = await lockApproval(tx, approvalId, userId);
    if (approval === undefined || (approval.user_id !== null && approval.user_id !== userId))
      throw notFound("approval");
    if (approval.status !== "pending") {
      throw new AppError("conflict", { message: `This approval is ${approval.status} already.` });
    }
    if (needsCode && !approval.code_entered)
      throw new AppError("conflict", { message: "Enter the code first that the agent shows." });
    const status = input.decision === "approve" ? "approved" : "denied";
    const { grantId, granted } =
      status === "approved"
        ? await carryOut(tx, approval, userId, { ...input, setLimit })
        : { grantId: null };
    await recordDecision.count(tx, {
      ...{ id: approvalId, status, user_id: userId, grant_id: grantId },
      granted: granted ?? null,
    });
    return { approval_id: approvalId, status, ...(grantId !== null && { grant_id: grantId }) } as const;
  });

  log.info({ event: "approval_decided", ...decided }, "approval decided");
  return decided;
}
