import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { findOwned, listOffered, listOwned, OFFER_MS } from "./owned-store.ts";
import { ownerDomainOf } from "./owner-domain.ts";
import type { ListBuiltAgentsOutput, OwnAgentInput, OwnAgentOutput } from "./owner-schema.ts";
import { MOST_AGENTS } from "./register-agent.ts";

type Context = Pick<Deps, "db"> & { actor: UserActor };

interface Key {
  revokedAt: Date | null;
  expiresAt: Date | null;
}

/** Lists the person's agents, the newest first, and those that others offer to them. */
export async function listBuiltAgents({
  db,
  actor,
}: Context): Promise<z.infer<typeof ListBuiltAgentsOutput>> {
  const now = new Date();
  const [agents, offered] = await Promise.all([
    listOwned(db, actor.userId),
    listOffered(db, actor.email.toLowerCase(), now),
  ]);
  return {
    agents: agents.map(({ id, name, status, createdAt, apiKeys }) => ({
      ...{ agent_id: id, name, state: stateOf(status), created_at: createdAt.toISOString() },
      live_keys: apiKeys.filter((key) => stateOfKey(key, now) === "live").length,
      last_used_at: newest(apiKeys.map(({ lastUsedAt }) => lastUsedAt))?.toISOString() ?? null,
    })),
    offered: offered.map((agent) => ({
      ...{ agent_id: agent.id, name: agent.name, from: agent.owner?.provenAddress?.email ?? "" },
      until: endOfOffer(agent.offeredAt ?? now),
    })),
    most_agents: MOST_AGENTS,
  };
}

/** Returns an agent of the person's, with its keys without their secrets. @throws AppError `not_found` also for others' agents */
export async function getOwnAgent(
  { db, actor }: Context,
  input: z.infer<typeof OwnAgentInput>,
): Promise<z.infer<typeof OwnAgentOutput>> {
  const agent = await findOwned(db, requireId(input.agent_id, "agent"), actor.userId);
  if (agent === null) throw notFound("agent");
  const now = new Date();
  const { offeredTo, offeredAt } = agent;
  const isOffered =
    offeredTo !== null && offeredAt !== null && offeredAt.getTime() > now.getTime() - OFFER_MS;
  return {
    agent_id: agent.id,
    name: agent.name,
    state: stateOf(agent.status),
    created_at: agent.createdAt.toISOString(),
    retired_at: agent.revokedAt?.toISOString() ?? null,
    return_url: agent.returnUrl,
    owner_domain: ownerDomainOf(agent),
    offer: isOffered ? { email: offeredTo, until: endOfOffer(offeredAt) } : null,
    keys: agent.apiKeys.map((key) => ({
      key_id: key.id,
      hint: key.hint,
      created_at: key.createdAt.toISOString(),
      last_used_at: key.lastUsedAt?.toISOString() ?? null,
      expires_at: key.expiresAt?.toISOString() ?? null,
      state: stateOfKey(key, now),
    })),
  };
}

const stateOf = (status: string): "active" | "retired" => (status === "active" ? "active" : "retired");

function stateOfKey({ revokedAt, expiresAt }: Key, now: Date): "live" | "expired" | "ended" {
  if (revokedAt !== null) return "ended";
  return expiresAt !== null && expiresAt <= now ? "expired" : "live";
}

const endOfOffer = (offeredAt: Date): string => new Date(offeredAt.getTime() + OFFER_MS).toISOString();

const newest = (times: (Date | null)[]): Date | undefined =>
  times.filter((time) => time !== null).toSorted((a, b) => b.getTime() - a.getTime())[0];
