import type { Deps } from "../../context.ts";
import { findUserOfAccount, linkUser } from "./store.ts";

/**
 * Finds the user who signs in with an account. At the first sign-in it is the user with the account's e-mail address,
 * whom an administrator may have made before, or a new one.
 *
 * @param email an address that the account's owner has proven
 * @returns the user's id; undefined if the user with this address signs in with another account
 */
export async function linkAccount(
  { db, sql }: Pick<Deps, "db" | "sql">,
  { accountId, email }: { accountId: string; email: string },
): Promise<string | undefined> {
  const known = await findUserOfAccount(db, accountId);
  if (known !== undefined) return known;
  const linked = await linkUser.first(sql, { account_id: accountId, email });
  // Another first request of the same account may have been faster.
  return linked?.id ?? (await findUserOfAccount(db, accountId));
}
