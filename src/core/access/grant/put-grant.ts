import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireFuture, requireId } from "../../protocol/fields.ts";
import { fromWire } from "../scope/index.ts";
import { shareUser } from "../user/index.ts";
import type { PutGrantInput, PutGrantOutput } from "./schema.ts";
import { userAndAgentExist } from "./store.ts";
import { writeGrant } from "./write-grant.ts";

/**
 * Writes a user's standing consent for one agent. A new grant for the same user and agent replaces the old one,
 * with a budget of which nothing is spent.
 * @throws AppError `not_found` for an unknown user, or an unknown or revoked agent; `validation_error` for an
 *   expiry that is not in the future
 */
export async function putGrant(
  { db, sql, log }: Pick<Deps, "db" | "sql" | "log">,
  input: z.infer<typeof PutGrantInput>,
): Promise<z.infer<typeof PutGrantOutput>> {
  const userId = requireId(input.user_id, "user");
  const agentId = requireId(input.agent_id, "agent");
  const expiresAt = requireFuture(input.expires_at, "/expires_at");
  const exists = await userAndAgentExist(db, userId, agentId);
  if (!exists.user) throw notFound("user");
  if (!exists.agent) throw notFound("agent");

  const scopes = fromWire(input.scopes);
  const terms = {
    scopes,
    budgetMicros: centsToMicros(input.budget_limit_cents),
    expiresAt,
    keepsSpent: false,
  };
  const grant = await sql.transaction(async (tx) => {
    if ((await shareUser.first(tx, { id: userId })) === undefined) throw notFound("user");
    return writeGrant(tx, userId, agentId, terms);
  });
  log.info({ event: "grant_written", grant_id: grant.id, agent_id: agentId }, "grant written");
  return { grant_id: grant.id, user_id: grant.subject };
}
