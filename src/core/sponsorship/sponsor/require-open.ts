import type { Sql } from "../../ports/sql.ts";
import { notFound } from "../../protocol/errors.ts";
import { keepOpen } from "./own-store.ts";

/**
 * Keeps a sponsor from being closed until the transaction ends, so that nothing is stored for one that is closed. What stores something
 * of a sponsor calls it before its other locks.
 * @throws AppError `not_found` if the sponsor was closed
 */
export async function requireOpen(tx: Sql, sponsorId: string): Promise<void> {
  if ((await keepOpen.first(tx, { id: sponsorId })) === undefined) throw notFound("organisation");
}
