import { text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Ends the offers of agents to an address. */
export const endOffersTo = statement({
  name: "agent.end-offers-to",
  limit: "money",
  params: { email: text },
  row: {},
  text: `
    UPDATE agents SET offered_to = NULL, offered_at = NULL
     WHERE id IN (SELECT id FROM agents WHERE offered_to = $email ORDER BY id FOR UPDATE)`,
});

/**
 * Takes what a person left at the agents that they registered, but for the names, which others have in their histories. Active
 * agents have to be handed over or retired before.
 */
export const eraseOwnedAgents = statement({
  name: "agent.erase-owned",
  limit: "money",
  params: { owner_user_id: uuid },
  row: {},
  text: `
    UPDATE agents SET offered_to = NULL, offered_at = NULL, return_url = NULL
     WHERE id IN (SELECT id FROM agents WHERE owner_user_id = $owner_user_id ORDER BY id FOR NO KEY UPDATE)`,
});

/** The agents that only this person looks after. */
export const listActiveOwned = statement({
  name: "agent.list-active-owned",
  limit: "money",
  params: { owner_user_id: uuid },
  row: { id: uuid, name: text },
  text: "SELECT id, name FROM agents WHERE owner_user_id = $owner_user_id AND status = 'active' ORDER BY created_at, id",
});
