import type { Queries } from "../../ports/database.ts";
import { notFound } from "../../protocol/errors.ts";
import type { ApiWithBudget } from "./store.ts";
import { findApiOfSponsor } from "./store.ts";

/** Returns a sponsor's own API. @throws `not_found`, also for another sponsor's API */
export async function requireOwnApi(
  db: Queries,
  serviceKey: string,
  sponsorId: string,
): Promise<ApiWithBudget> {
  const api = await findApiOfSponsor(db, serviceKey, sponsorId);
  if (api === undefined) throw notFound("service");
  return api;
}
