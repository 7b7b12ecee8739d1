import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireFuture, requireId } from "../../protocol/fields.ts";
import type { LockedApproval } from "../approval/index.ts";
import {
  BudgetRequest,
  DataRequest,
  findStandingGrant,
  GrantRequest,
  lockApproval,
  recordDecision,
} from "../approval/index.ts";
import { addDataTypes, writeGrant } from "../grant/index.ts";
import { noteGrant } from "../notice/index.ts";
import { fromWire, isWithinRequest, missingFrom } from "../scope/index.ts";
import { addDataTypesToSessions } from "../session/index.ts";
import { userExists } from "../user/index.ts";
import type { DecideApprovalInput, DecideApprovalOutput } from "./schema.ts";

type Input = z.infer<typeof DecideApprovalInput>;

/**
 * Records the user's decision on an approval, and carries it out. An approval is decided once. The user may
 * narrow the request, but not widen it.
 * @throws AppError `not_found` for an unknown approval or user, or an approval of another user; `conflict` if
 *   the approval was decided or has expired, or its grant has ended; `validation_error` if the decision is
 *   wider than the request, or leaves out a field of a grant (R6.1)
 * @param needsCode whether the person must have entered the code that the agent shows
 */
export async function decideApproval(
  { db, sql, log }: Pick<Deps, "db" | "sql" | "log">,
  input: Input,
  { needsCode = false }: { needsCode?: boolean } = {},
): Promise<z.infer<typeof DecideApprovalOutput>> {
  const approvalId = requireId(input.approval_id, "approval");
  const userId = requireId(input.user_id, "user");

  const isUser = await userExists(db, userId);
  const decided = await sql.transaction(async (tx) => {
    const approval = await lockApproval(tx, approvalId);
    if (approval === undefined || (approval.user_id !== null && approval.user_id !== userId))
      throw notFound("approval");
    if (!isUser) throw notFound("user");
    if (approval.status !== "pending") {
      throw new AppError("conflict", { message: `This approval is ${approval.status} already.` });
    }
    if (needsCode && !approval.code_entered)
      throw new AppError("conflict", { message: "Enter the code first that the agent shows." });
    const status = input.decision === "approve" ? "approved" : "denied";
    const grantId = status === "approved" ? await carryOut(tx, approval, userId, input) : null;
    await recordDecision.count(tx, { id: approvalId, status, user_id: userId, grant_id: grantId });
    return { approval_id: approvalId, status, ...(grantId !== null && { grant_id: grantId }) } as const;
  });

  log.info({ event: "approval_decided", ...decided }, "approval decided");
  return decided;
}

/** Carries out an approval. Returns the id of the grant that it made, changed or belongs to. */
async function carryOut(
  tx: Sql,
  approval: LockedApproval,
  userId: string,
  input: Input,
): Promise<string | null> {
  switch (approval.kind) {
    case "grant":
      return applyGrant(tx, approval, userId, input);
    case "data":
      return applyData(tx, approval, input);
    case "budget":
      return applyBudget(approval, input);
    case "gpt_sign_in": {
      // A user who has granted this agent before may sign in on that grant. Any other sign-in writes a grant.
      const standingGrant =
        input.scopes === undefined && input.budget_limit_cents === undefined && input.expires_at === undefined
          ? await findStandingGrant.first(tx, { user_id: userId, agent_id: approval.agent_id })
          : undefined;
      return standingGrant?.id ?? applyGrant(tx, approval, userId, input);
    }
  }
}

/** Returns a field that a grant must set explicitly (R6.1). @throws AppError `validation_error` */
function requireInput<Field extends "scopes" | "budget_limit_cents" | "expires_at">(
  input: Input,
  field: Field,
): NonNullable<Input[Field]> {
  const value = input[field];
  if (value === undefined) throw invalidField(`/${field}`, "is required to approve a grant", "required");
  return value;
}

/** Writes the grant that the user decided on. Returns its id. */
async function applyGrant(tx: Sql, approval: LockedApproval, userId: string, input: Input): Promise<string> {
  const requested = GrantRequest.parse(approval.requested);
  const scopes = fromWire(requireInput(input, "scopes"));
  const budgetCents = requireInput(input, "budget_limit_cents");
  const expiresAt = requireFuture(requireInput(input, "expires_at"), "/expires_at");
  if (!isWithinRequest(scopes, requested.scopes)) {
    throw invalidField("/scopes", "must not be wider than what the agent asked for", "maximum");
  }
  if (budgetCents > requested.budget_limit_cents) {
    throw invalidField("/budget_limit_cents", "must not be more than what the agent asked for", "maximum");
  }
  const grant = await writeGrant(tx, userId, approval.agent_id, {
    scopes,
    budgetMicros: centsToMicros(budgetCents),
    expiresAt,
  });
  return grant.id;
}

/**
 * Adds the approved data types to the grant, and to the sessions that asked for them. The agent asked for nothing else, so
 * any other field is refused.
 */
async function applyData(tx: Sql, approval: LockedApproval, input: Input): Promise<string | null> {
  const requested = DataRequest.parse(approval.requested);
  const approved = input.scopes?.allowed_data_types ?? requested.data_types;
  if (missingFrom(approved, requested.data_types).length > 0) {
    throw invalidField(
      "/scopes/allowed_data_types",
      "must not be wider than what the agent asked for",
      "maximum",
    );
  }
  if (approved.length === 0)
    throw invalidField("/scopes/allowed_data_types", "must name at least one approved data type", "minItems");
  refuseUnrequested(
    input,
    ["allowed_task_types", "allowed_categories"],
    ["budget_limit_cents", "expires_at"],
  );
  const { grant_id: grantId, asking_session_ids: ids } = approval;
  if (grantId === null) throw grantEnded();
  if ((await addDataTypes.count(tx, { id: grantId, data_types: approved })) === 0) throw grantEnded();
  await noteGrant.count(tx, { grant_id: grantId });
  await addDataTypesToSessions.count(tx, { ids, grant_id: grantId, data_types: approved });
  return grantId;
}

/** Checks the decision on a budget. The budget isn't raised here: the next matching run uses the approval. */
function applyBudget(approval: LockedApproval, input: Input): string | null {
  const { amount_cents } = BudgetRequest.parse(approval.requested);
  if (input.budget_limit_cents !== undefined && input.budget_limit_cents !== amount_cents) {
    throw invalidField(
      "/budget_limit_cents",
      `must be the requested amount, ${amount_cents}, or left out`,
      "const",
    );
  }
  refuseUnrequested(
    input,
    ["allowed_task_types", "allowed_data_types", "allowed_categories"],
    ["expires_at"],
  );
  if (!approval.grant_live) throw grantEnded();
  return approval.grant_id;
}

/**
 * Refuses fields that the agent didn't ask for, because they widen the request.
 * @throws AppError `validation_error`
 */
function refuseUnrequested(
  input: Input,
  scopes: (keyof NonNullable<Input["scopes"]>)[],
  fields: ("budget_limit_cents" | "expires_at")[],
): void {
  for (const scope of scopes) {
    if ((input.scopes?.[scope].length ?? 0) > 0) {
      throw invalidField(`/scopes/${scope}`, "must be empty: the agent didn't ask for it", "maxItems");
    }
  }
  for (const field of fields) {
    if (input[field] !== undefined)
      throw invalidField(`/${field}`, "must be left out: the agent didn't ask for it", "not");
  }
}

const grantEnded = (): AppError =>
  new AppError("conflict", { message: "The grant of this approval was revoked or has expired." });
