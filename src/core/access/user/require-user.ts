import type { Sql } from "../../ports/sql.ts";
import { AppError } from "../../protocol/errors.ts";
import { lockUser } from "./store.ts";

/**
 * Locks a person who signed in, until the transaction ends.
 * @throws AppError `unauthorized` if they have deleted their account at this moment
 */
export async function requireUser(sql: Sql, id: string): Promise<void> {
  if ((await lockUser.first(sql, { id })) === undefined)
    throw new AppError("unauthorized", { message: "Sign in first." });
}
