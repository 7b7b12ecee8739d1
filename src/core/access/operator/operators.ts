import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { PAGE_SIZE, requireId } from "../../protocol/fields.ts";
import type {
  AddOperatorInput,
  AddOperatorOutput,
  ListOperatorsInput,
  ListOperatorsOutput,
  RemoveOperatorInput,
  RemoveOperatorOutput,
} from "./schema.ts";
import { findAccount, listRows, markRemoved, putOperator } from "./store.ts";

/**
 * Makes the account of an address an operator. Only the passkeys that it has now open the page: who gets into the owner's mailbox can
 * sign in and add a passkey, and becomes no operator by that. Adding an operator again takes their present passkeys.
 * @throws AppError `not_found` if nobody has proven the address; `conflict` if the account has no passkey
 */
export async function addOperator(
  { sql, log, signInRecords }: Pick<Deps, "sql" | "log" | "signInRecords">,
  input: z.infer<typeof AddOperatorInput>,
): Promise<z.infer<typeof AddOperatorOutput>> {
  const account = await findAccount.first(sql, { email: input.email.toLowerCase() });
  if (account === undefined) throw notFound("account with this address");
  const { passkeys } = await signInRecords.read(sql, account.account_id);
  if (passkeys.length === 0)
    throw new AppError("conflict", {
      message: "This account has no passkey. Its owner adds one in the settings first.",
    });
  const operator = await putOperator.one(sql, {
    account_id: account.account_id,
    passkey_ids: passkeys.map(({ id }) => id),
    added_by: input.added_by,
  });
  log.warn({ event: "operator_added", operator_id: operator.id }, "an operator was added");
  return {
    operator_id: operator.id,
    email: account.email,
    passkeys: passkeys.length,
    added_by: operator.added_by,
    added_at: operator.added_at.toISOString(),
    removed_at: null,
  };
}

/** Lists operators, with those that were removed, the newest first. */
export async function listOperators(
  { sql }: Pick<Deps, "sql">,
  { offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListOperatorsInput>,
): Promise<z.infer<typeof ListOperatorsOutput>> {
  const rows = await listRows.all(sql, { offset, limit });
  return {
    operators: rows.map((row) => ({
      operator_id: row.id,
      email: row.email,
      passkeys: row.passkeys,
      added_by: row.added_by,
      added_at: row.added_at.toISOString(),
      removed_at: row.removed_at?.toISOString() ?? null,
    })),
    total_count: Number(rows[0]?.total ?? 0),
    offset,
    limit,
  };
}

/** Removes an operator. It counts from their very next call on. Repeating it changes nothing. @throws AppError `not_found` */
export async function removeOperator(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof RemoveOperatorInput>,
): Promise<z.infer<typeof RemoveOperatorOutput>> {
  const id = requireId(input.operator_id, "operator");
  const removed = await markRemoved.first(sql, { id });
  if (removed === undefined) throw notFound("operator");
  log.warn({ event: "operator_removed", operator_id: id }, "an operator was removed");
  return { operator_id: id, removed_at: removed.removed_at.toISOString() };
}
