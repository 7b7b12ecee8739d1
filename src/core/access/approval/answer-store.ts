import { nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * What a user answered to the request of an OAuth client, or hasn't yet: the newest question for it. `subject`: that of the grant,
 * while it is live.
 */
export const findAnswer = statement({
  name: "approval.find-answer",
  limit: "read",
  params: { authorization_id: text, user_id: uuid, agent_id: uuid },
  row: {
    id: uuid,
    status: oneOf("pending", "approved", "denied", "expired"),
    grant_id: nullable(uuid),
    subject: nullable(uuid),
  },
  text: `
    SELECT a.id, a.status, a.grant_id, g.subject
      FROM approval_states a LEFT JOIN live_grants g ON g.id = a.grant_id
     WHERE a.authorization_id = $authorization_id AND a.user_id = $user_id AND a.agent_id = $agent_id
     ORDER BY a.created_at DESC LIMIT 1`,
});

/** Ends the open questions of a client's earlier requests to a user: the person went on to another, so nothing waits for them. */
export const endEarlierQuestions = statement({
  name: "approval.end-earlier",
  limit: "money",
  params: { authorization_id: text, user_id: uuid, agent_id: uuid },
  row: {},
  text: `
    UPDATE approvals SET status = 'expired'
     WHERE id IN (SELECT id FROM approvals
                   WHERE agent_id = $agent_id AND user_id = $user_id AND authorization_id <> $authorization_id AND status = 'pending'
                   ORDER BY id FOR UPDATE)`,
});
