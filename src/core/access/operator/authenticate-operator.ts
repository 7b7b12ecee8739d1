import type { Deps, UserActor } from "../../context.ts";
import { findOperator } from "./store.ts";

/** A working day. After it, an operator signs in anew with a passkey. */
const PASSKEY_SECONDS = 12 * 3600;

/**
 * Finds the operator that somebody who signed in is. It is read anew for every call, so a removed operator is none from the next call on.
 * @returns `byPasskey`: the sign-in was made within the last 12 hours with a passkey that the account had when it was made an operator, and
 *   still has. Without that an operator may do nothing. Undefined: they are no operator
 */
export async function findOperatorOf(
  { sql }: Pick<Deps, "sql">,
  { accountId, sessionId }: UserActor,
): Promise<{ operatorId: string; byPasskey: boolean } | undefined> {
  const found = await findOperator.first(sql, {
    account_id: accountId,
    session_id: sessionId,
    passkey_seconds: PASSKEY_SECONDS,
  });
  return found === undefined ? undefined : { operatorId: found.id, byPasskey: found.by_passkey };
}
