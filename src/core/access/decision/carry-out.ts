import type { z } from "zod";
import type { Scopes } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import { requireFuture } from "../../protocol/fields.ts";
import type { LockedApproval } from "../approval/index.ts";
import {
  BudgetRequest,
  CombinedRequest,
  DataRequest,
  findStandingGrant,
  GrantRequest,
} from "../approval/index.ts";
import { addScopes, writeGrant } from "../grant/index.ts";
import { noteGrant } from "../notice/index.ts";
import { fromWire, isEmpty, isWithinRequest, missingFrom } from "../scope/index.ts";
import { addScopesToSessions } from "../session/index.ts";
import type { DecideApprovalInput } from "./schema.ts";

/** Sets the limit of an account in all. Returns false, and sets nothing, if more than `mostUnspent` could be spent from now on. */
export type SetLimit = (
  tx: Sql,
  account: { id: string; limitMicros: bigint; mostUnspentMicros: bigint },
) => Promise<boolean>;

type Decision = z.infer<typeof DecideApprovalInput> & {
  /** Given if the budget of a grant is in all, with what the present one has spent. Else it is what may be spent from now on. */
  setLimit: SetLimit | undefined;
};

export interface CarriedOut {
  /** The grant that was made, changed or belongs to the approval. */
  grantId: string | null;
  /** What the user left of a combined request: `{ scopes, amount_cents }`. */
  granted?: Record<string, unknown>;
}

/**
 * Carries out an approval. The user may narrow the request, but not widen it.
 * @throws AppError `validation_error` if the decision is wider, or leaves out a field of a grant (R6.1); `conflict` if the
 *   approval's grant has ended
 */
export async function carryOut(
  tx: Sql,
  approval: LockedApproval,
  userId: string,
  input: Decision,
): Promise<CarriedOut> {
  switch (approval.kind) {
    case "grant":
      return { grantId: await applyGrant(tx, approval, userId, input) };
    case "data":
      return { grantId: await applyData(tx, approval, input) };
    case "budget":
      return { grantId: applyBudget(approval, input) };
    case "combined":
      return applyCombined(tx, approval, input);
    case "gpt_sign_in": {
      // A user who has granted this agent before may sign in on that grant. Any other sign-in writes a grant.
      const standingGrant =
        input.scopes === undefined && input.budget_limit_cents === undefined && input.expires_at === undefined
          ? await findStandingGrant.first(tx, { user_id: userId, agent_id: approval.agent_id })
          : undefined;
      return { grantId: standingGrant?.id ?? (await applyGrant(tx, approval, userId, input)) };
    }
  }
}

const NOT_WIDER = "must not be wider than what the agent asked for";

/** Returns a field that a grant must set explicitly (R6.1). @throws AppError `validation_error` */
function requireInput<Field extends "scopes" | "budget_limit_cents" | "expires_at">(
  input: Decision,
  field: Field,
): NonNullable<Decision[Field]> {
  const value = input[field];
  if (value === undefined) throw invalidField(`/${field}`, "is required to approve a grant", "required");
  return value;
}

/** Writes the grant that the user decided on. Returns its id. */
async function applyGrant(
  tx: Sql,
  approval: LockedApproval,
  userId: string,
  input: Decision,
): Promise<string> {
  const requested = GrantRequest.parse(approval.requested);
  const scopes = fromWire(requireInput(input, "scopes"));
  const budgetCents = requireInput(input, "budget_limit_cents");
  const expiresAt = requireFuture(requireInput(input, "expires_at"), "/expires_at");
  if (!isWithinRequest(scopes, requested.scopes)) {
    throw invalidField("/scopes", NOT_WIDER, "maximum");
  }
  const tooMuch = (): AppError =>
    invalidField("/budget_limit_cents", "must not be more than what the agent asked for", "maximum");
  const { setLimit } = input;
  if (setLimit === undefined && budgetCents > requested.budget_limit_cents) throw tooMuch();
  const budgetMicros = centsToMicros(budgetCents);
  const grant = await writeGrant(tx, userId, approval.agent_id, {
    scopes,
    budgetMicros,
    expiresAt,
    keepsSpent: setLimit !== undefined,
  });
  if (setLimit !== undefined) {
    const mostUnspentMicros = centsToMicros(requested.budget_limit_cents);
    const account = { id: grant.budget_account_id, limitMicros: budgetMicros, mostUnspentMicros };
    if (!(await setLimit(tx, account))) throw tooMuch();
  }
  return grant.id;
}

/** Adds the approved data types to the grant. The agent asked for nothing else, so any other field is refused. */
async function applyData(tx: Sql, approval: LockedApproval, input: Decision): Promise<string> {
  const requested = DataRequest.parse(approval.requested);
  const approved = input.scopes?.allowed_data_types ?? requested.data_types;
  if (missingFrom(approved, requested.data_types).length > 0)
    throw invalidField("/scopes/allowed_data_types", NOT_WIDER, "maximum");
  if (approved.length === 0)
    throw invalidField("/scopes/allowed_data_types", "must name at least one approved data type", "minItems");
  refuseUnrequested(
    input,
    ["allowed_task_types", "allowed_categories"],
    ["budget_limit_cents", "expires_at"],
  );
  return addToGrant(tx, approval, { taskTypes: [], dataTypes: approved, categories: [] });
}

/** Gives what the user left of a combined request: scopes to the grant, and a budget that the next matching run uses. */
async function applyCombined(tx: Sql, approval: LockedApproval, input: Decision): Promise<CarriedOut> {
  const requested = CombinedRequest.parse(approval.requested);
  const scopes = input.scopes ?? requested.scopes;
  if (!isWithinRequest(fromWire(scopes), requested.scopes))
    throw invalidField("/scopes", NOT_WIDER, "maximum");
  const amountCents = input.budget_limit_cents ?? requested.amount_cents ?? 0;
  if (amountCents !== 0 && amountCents !== requested.amount_cents) {
    const allowed =
      requested.amount_cents === null ? "" : `the requested amount, ${requested.amount_cents}, `;
    throw invalidField("/budget_limit_cents", `must be ${allowed}0, or left out`, "enum");
  }
  refuseUnrequested(input, [], ["expires_at"]);
  if (amountCents === 0 && isEmpty(fromWire(scopes)))
    throw invalidField("/scopes", "must leave something of the request, or be denied", "minItems");
  const grantId = await addToGrant(tx, approval, fromWire(scopes));
  return { grantId, granted: { scopes, amount_cents: amountCents === 0 ? null : amountCents } };
}

/** Adds scopes to the grant, in place, and to the sessions that asked for them. Returns the grant's id. */
async function addToGrant(tx: Sql, approval: LockedApproval, scopes: Scopes): Promise<string> {
  const { grant_id: grantId, asking_session_ids: ids } = approval;
  const added = {
    task_types: scopes.taskTypes,
    data_types: scopes.dataTypes,
    categories: scopes.categories,
  };
  if (grantId === null || (await addScopes.count(tx, { ...added, id: grantId })) === 0) throw grantEnded();
  if (!isEmpty(scopes)) await noteGrant.count(tx, { grant_id: grantId });
  await addScopesToSessions.count(tx, { ...added, ids, grant_id: grantId });
  return grantId;
}

/** Checks the decision on a budget. The budget isn't raised here: the next matching run uses the approval. */
function applyBudget(approval: LockedApproval, input: Decision): string | null {
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
  input: Decision,
  scopes: (keyof NonNullable<Decision["scopes"]>)[],
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
