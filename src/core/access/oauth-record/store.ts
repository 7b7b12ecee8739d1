import { bytes, integer, json, nullable, text, timestamp, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Hosts send the same refresh token from several requests at once. For so long after its first use they get an answer;
 * afterwards its reuse counts as theft.
 */
const REFRESH_AGAIN = "interval '30 seconds'";

/** Clients that nobody has signed in with are deleted after so long. */
const UNUSED_CLIENT = "interval '1 day'";

export const putRecord = statement({
  name: "oauth-record.put",
  limit: "money",
  params: {
    model: text,
    id_hash: bytes,
    grant_id: nullable(uuid),
    payload: json<Record<string, unknown>>(),
    seconds: nullable(integer),
  },
  row: {},
  text: `
    INSERT INTO oauth_records (model, id_hash, grant_id, payload, expires_at)
    VALUES ($model, $id_hash, $grant_id, $payload, now() + make_interval(secs => $seconds))
    ON CONFLICT (model, id_hash) DO UPDATE SET
      grant_id = excluded.grant_id, payload = excluded.payload, expires_at = excluded.expires_at`,
});

/** A record that is still good. What stands for a grant is worth as much as the grant: one that has ended hides it. */
export const findRecord = statement({
  name: "oauth-record.find",
  limit: "read",
  params: { model: text, id_hash: bytes },
  row: { payload: json<Record<string, unknown>>(), consumed_at: nullable(timestamp) },
  text: `
    SELECT payload, CASE WHEN model = 'RefreshToken' AND consumed_at > now() - ${REFRESH_AGAIN} THEN NULL ELSE consumed_at END AS consumed_at
      FROM oauth_records r
     WHERE model = $model AND id_hash = $id_hash AND (expires_at IS NULL OR expires_at > now())
       AND (grant_id IS NULL
            OR EXISTS (SELECT FROM live_grants g JOIN agents a ON a.id = g.agent_id WHERE g.id = r.grant_id AND a.status = 'active'))`,
});

/** Marks a record as used. Writes no row if it was used before: of several at once, one wins. */
export const consumeRecord = statement({
  name: "oauth-record.consume",
  limit: "money",
  params: { model: text, id_hash: bytes },
  row: {},
  text: `
    UPDATE oauth_records SET consumed_at = coalesce(consumed_at, now())
     WHERE model = $model AND id_hash = $id_hash
       AND (consumed_at IS NULL OR model = 'RefreshToken' AND consumed_at > now() - ${REFRESH_AGAIN})`,
});

export const deleteRecord = statement({
  name: "oauth-record.delete",
  limit: "money",
  params: { model: text, id_hash: bytes },
  row: {},
  text: "DELETE FROM oauth_records WHERE model = $model AND id_hash = $id_hash",
});

export const deleteModelOfGrant = statement({
  name: "oauth-record.delete-model-of-grant",
  limit: "money",
  params: { model: text, grant_id: uuid },
  row: {},
  text: "DELETE FROM oauth_records WHERE model = $model AND grant_id = $grant_id",
});

/** Deletes all codes and tokens of grants. */
export const deleteRecordsOfGrants = statement({
  name: "oauth-record.delete-of-grants",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: "DELETE FROM oauth_records WHERE grant_id = ANY($grant_ids)",
});

/** The same of a user's grant for an agent, if it has ended. Else its tokens would be good again with new terms. */
export const deleteRecordsOfEndedGrant = statement({
  name: "oauth-record.delete-of-ended-grant",
  limit: "money",
  params: { user_id: uuid, agent_id: uuid },
  row: {},
  text: `
    DELETE FROM oauth_records
     WHERE grant_id = (SELECT id FROM grants
                        WHERE user_id = $user_id AND agent_id = $agent_id AND (revoked_at IS NOT NULL OR expires_at <= now()))`,
});

/** Deletes the codes and tokens of everybody who signed in to an agent's client. */
export const deleteRecordsOfAgent = statement({
  name: "oauth-record.delete-of-agent",
  limit: "money",
  params: { agent_id: uuid },
  row: {},
  text: "DELETE FROM oauth_records WHERE grant_id IN (SELECT id FROM grants WHERE agent_id = $agent_id)",
});

/** The live grant that an access token for this resource stands for. */
export const findGrantOfToken = statement({
  name: "oauth-record.find-grant-of-token",
  limit: "read",
  params: { id_hash: bytes, resource: text },
  row: { grant_id: uuid, user_id: uuid, agent_id: uuid },
  text: `
    SELECT r.grant_id, g.user_id, g.agent_id
      FROM oauth_records r JOIN live_grants g ON g.id = r.grant_id JOIN agents a ON a.id = g.agent_id AND a.status = 'active'
     WHERE r.model = 'AccessToken' AND r.id_hash = $id_hash AND r.expires_at > now() AND r.payload->>'aud' = $resource`,
});

export const deleteExpiredRecords = statement({
  name: "oauth-record.delete-expired",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM oauth_records WHERE expires_at <= now()",
});

/** Deletes clients that registered themselves and that nobody has allowed anything. Anybody can register as many as they like. */
export const deleteUnusedClients = statement({
  name: "oauth-record.delete-unused-clients",
  limit: "job",
  params: {},
  row: {},
  text: `
    DELETE FROM oauth_records r
     WHERE r.model = 'Client' AND r.created_at < now() - ${UNUSED_CLIENT}
       AND NOT EXISTS (SELECT FROM agents a WHERE a.oauth_client_id = r.payload->>'client_id'
                          AND (a.owner_user_id IS NOT NULL OR EXISTS (SELECT FROM grants g WHERE g.agent_id = a.id)))`,
});
