import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireFuture, requireId } from "../../protocol/fields.ts";
import { fromWire } from "../scope/index.ts";
import type { PutGrantInput, PutGrantOutput } from "./schema.ts";
import { putGrant as writeGrant, userAndAgentExist } from "./store.ts";

/**
 * Records a user's standing consent for one agent. A second one replaces the first in place.
 * @throws `not_found` for an unknown user or agent, `validation_error` for an expiry in the past.
 */
export async function putGrant(
  { db, log }: Pick<Deps, "db" | "log">,
  input: z.infer<typeof PutGrantInput>,
): Promise<z.infer<typeof PutGrantOutput>> {
  const userId = requireId(input.user_id, "user");
  const agentId = requireId(input.agent_id, "agent");
  const expiresAt = requireFuture(input.expires_at, "/expires_at");
  const exists = await userAndAgentExist(db, userId, agentId);
  if (!exists.user) throw notFound("user");
  if (!exists.agent) throw notFound("agent");

  const grant = await writeGrant(db, userId, agentId, {
    scopes: fromWire(input.scopes),
    budgetMicros: centsToMicros(input.budget_limit_cents),
    expiresAt,
  });
  log.info({ event: "grant_written", grant_id: grant.id, agent_id: agentId }, "grant written");
  return { grant_id: grant.id, user_id: grant.subject };
}
