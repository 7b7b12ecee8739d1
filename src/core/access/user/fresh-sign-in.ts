import type { Deps, UserActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { AppError } from "../../protocol/errors.ts";

/** As for adding a passkey: somebody who finds an open browser can't do it. */
export const FRESH_SECONDS = 15 * 60;

/**
 * Refuses what takes a sign-in of the last 15 minutes. The account stays locked until the transaction ends.
 * @param then what the person does after they have signed in again, such as "delete the account"
 * @throws AppError `unauthorized` if the sign-in has ended, `conflict` if it is too old
 */
export async function requireFreshSignIn(
  tx: Sql,
  { signInRecords, person, then }: Pick<Deps, "signInRecords"> & { person: UserActor; then: string },
): Promise<void> {
  const session = await signInRecords.lock(tx, person, FRESH_SECONDS);
  if (session === "gone") throw new AppError("unauthorized", { message: "Sign in first." });
  if (session === "stale")
    throw new AppError("conflict", {
      message: `You signed in more than 15 minutes ago. Sign in again, then ${then}.`,
    });
}
