import type { Queries } from "../../ports/database.ts";
import { bigint, bytes, nullable, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { OWNER } from "./owner-domain.ts";

/** What the owners of agents read and write. Each statement names the owner, so that of another agent it does nothing. */

/** How long an offered agent can be accepted. */
const OFFER_DAYS = 7;
export const OFFER_MS = OFFER_DAYS * 86_400_000;

/** Registers an agent with its first key. No row if the owner has as many active agents as people may have. */
export const insertOwned = statement({
  name: "agent.insert-owned",
  limit: "money",
  params: { name: text, owner_user_id: uuid, most: bigint, key_hash: bytes, hint: text },
  row: { agent_id: uuid, key_id: uuid },
  text: `
    WITH agent AS (
      INSERT INTO agents (name, owner_user_id) SELECT $name, $owner_user_id
       WHERE (SELECT count(*) FROM agents WHERE owner_user_id = $owner_user_id AND status = 'active') < $most
      RETURNING id
    ), key AS (
      INSERT INTO agent_api_keys (agent_id, key_hash, hint) SELECT id, $key_hash, $hint FROM agent RETURNING id
    )
    SELECT agent.id AS agent_id, key.id AS key_id FROM agent, key`,
});

/** Locks an active agent of this owner. No row if it is somebody else's. */
export const lockOwned = statement({
  name: "agent.lock-owned",
  limit: "money",
  params: { id: uuid, owner_user_id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM agents WHERE id = $id AND owner_user_id = $owner_user_id AND status = 'active' FOR UPDATE",
});

/** Adds a key to an agent that is locked. No row if it has as many live keys as an agent may have. */
export const insertKeyWithin = statement({
  name: "agent.insert-key-within",
  limit: "money",
  params: { agent_id: uuid, key_hash: bytes, hint: text, most: bigint },
  row: { id: uuid },
  text: `
    INSERT INTO agent_api_keys (agent_id, key_hash, hint) SELECT $agent_id, $key_hash, $hint
     WHERE (SELECT count(*) FROM agent_api_keys
             WHERE agent_id = $agent_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) < $most
    RETURNING id`,
});

export const setReturnUrl = statement({
  name: "agent.set-return-url",
  limit: "money",
  params: { id: uuid, owner_user_id: uuid, return_url: nullable(text) },
  row: {},
  text: `
    UPDATE agents SET return_url = $return_url WHERE id = $id AND owner_user_id = $owner_user_id AND status = 'active'`,
});

/** Offers an agent to who has proven an address. An earlier offer ends. */
export const offerOwned = statement({
  name: "agent.offer-owned",
  limit: "money",
  params: { id: uuid, owner_user_id: uuid, email: text },
  row: {},
  text: `
    UPDATE agents SET offered_to = $email, offered_at = now()
     WHERE id = $id AND owner_user_id = $owner_user_id AND status = 'active'`,
});

/** Ends an offer: its owner takes it back, or the person whom it was made to declines it. */
export const endOffer = statement({
  name: "agent.end-offer",
  limit: "money",
  params: { id: uuid, user_id: uuid, email: text },
  row: {},
  text: `
    UPDATE agents SET offered_to = NULL, offered_at = NULL
     WHERE id = $id AND offered_to IS NOT NULL AND (owner_user_id = $user_id OR offered_to = $email)`,
});

/** Locks an agent that is offered to an address. No row if it isn't. */
export const lockOffered = statement({
  name: "agent.lock-offered",
  limit: "money",
  params: { id: uuid, email: text },
  row: { id: uuid },
  text: `
    SELECT id FROM agents
     WHERE id = $id AND offered_to = $email AND offered_at > now() - interval '${OFFER_DAYS} days' AND status = 'active' FOR UPDATE`,
});

/** Makes somebody the owner of an agent that is locked. No row if they have as many active agents as people may have. The way back to the former owner's pages goes. */
export const acceptOffered = statement({
  name: "agent.accept-offered",
  limit: "money",
  params: { id: uuid, user_id: uuid, most: bigint },
  row: {},
  text: `
    UPDATE agents SET owner_user_id = $user_id, offered_to = NULL, offered_at = NULL, return_url = NULL
     WHERE id = $id AND (SELECT count(*) FROM agents WHERE owner_user_id = $user_id AND status = 'active') < $most`,
});

/** Writes when a key was used, at most once a minute. */
export const noteKeyUsed = statement({
  name: "agent.note-key-used",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `
    UPDATE agent_api_keys SET last_used_at = now()
     WHERE id = $id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
});

const MOST_LISTED = 100;

/** The person's agents, the newest first. */
export const listOwned = (db: Queries, ownerUserId: string) =>
  db.agent.findMany({
    where: { ownerUserId },
    include: { apiKeys: { select: { lastUsedAt: true, revokedAt: true, expiresAt: true } } },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: MOST_LISTED,
  });

/** Agents that are offered to an address, with the address of who offers each. */
export const listOffered = (db: Queries, email: string, now: Date) =>
  db.agent.findMany({
    where: { offeredTo: email, offeredAt: { gt: new Date(now.getTime() - OFFER_MS) }, status: "active" },
    include: { owner: OWNER },
    orderBy: [{ offeredAt: "desc" }, { id: "asc" }],
    take: MOST_LISTED,
  });

export const findOwned = (db: Queries, id: string, ownerUserId: string) =>
  db.agent.findUnique({
    where: { id, ownerUserId },
    include: {
      owner: OWNER,
      apiKeys: { orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: MOST_LISTED },
    },
  });
