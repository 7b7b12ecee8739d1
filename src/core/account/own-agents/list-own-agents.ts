import type { z } from "zod";
import { ownerDomainOf } from "../../access/agent/index.ts";
import { listOwnGrants } from "../../access/grant/index.ts";
import { rulesOfGrants } from "../../access/rule/index.ts";
import { toWire } from "../../access/scope/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { budgetToWire } from "../../money/budget/index.ts";
import { lastCallsOfGrants } from "../../observability/audit/index.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { ListOwnAgentsOutput, OwnAgent } from "./schema.ts";

const MOST_LISTED = 100;

/** Lists the agents that act or acted for the user, those that may act first, with what each spent and did last. */
export async function listOwnAgents({
  db,
  sql,
  actor,
}: Pick<Deps, "db" | "sql"> & { actor: UserActor }): Promise<z.infer<typeof ListOwnAgentsOutput>> {
  const grants = await listOwnGrants(db, actor.userId, MOST_LISTED);
  const calls = await lastCallsOfGrants.all(sql, { grant_ids: grants.map(({ id }) => id) });
  const rules = await rulesOfGrants(
    { db },
    grants.map(({ id }) => id),
  );
  const now = new Date();
  const agents = grants.map((grant): OwnAgent => {
    const call = calls.find(({ grant_id }) => grant_id === grant.id);
    return {
      grant_id: grant.id,
      agent: { name: grant.agent.name, owner_domain: ownerDomainOf(grant.agent) },
      state: stateOf(grant, now),
      suspended_reason: grant.suspendedReason,
      undo_until: grant.undoUntil !== null && grant.undoUntil > now ? grant.undoUntil.toISOString() : null,
      scopes: toWire({
        taskTypes: grant.allowedTaskTypes,
        dataTypes: grant.allowedDataTypes as DataType[],
        categories: grant.allowedCategories,
      }),
      budget: budgetToWire(grant.budgetAccount),
      rules: rules.get(grant.id) ?? [],
      reads_sponsor_texts: grant.readsSponsorTexts,
      expires_at: grant.expiresAt.toISOString(),
      allowed_at: grant.updatedAt.toISOString(),
      last_call:
        call === undefined
          ? null
          : {
              at: call.created_at.toISOString(),
              operation: call.operation,
              ...{ service_key: call.service_key, service_name: call.service_name },
              outcome: call.error_code ?? "ok",
            },
      calls_last_hour: call?.calls_last_hour ?? 0,
    };
  });
  const mayAct = ({ state }: OwnAgent): boolean => state === "active" || state === "suspended";
  return { agents: [...agents.filter(mayAct), ...agents.filter((agent) => !mayAct(agent))] };
}

function stateOf(
  {
    revokedAt,
    expiresAt,
    suspendedAt,
    agent,
  }: { revokedAt: Date | null; expiresAt: Date; suspendedAt: Date | null; agent: { status: string } },
  now: Date,
): OwnAgent["state"] {
  if (agent.status !== "active") return "retired";
  if (revokedAt !== null) return "stopped";
  if (expiresAt <= now) return "expired";
  return suspendedAt === null ? "active" : "suspended";
}
