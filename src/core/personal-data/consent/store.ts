import type { SessionActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { json, nullable, oneOf, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { ConsentRecord } from "./rules.ts";

const insertInputConsent = statement({
  name: "consent.record-input",
  limit: "money",
  params: {
    user_id: uuid,
    campaign_id: nullable(uuid),
    service_key: text,
    data_types: texts<DataType>(),
    purpose: text,
    session_id: uuid,
  },
  row: {},
  text: `
    INSERT INTO consents (user_id, campaign_id, service_key, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
    SELECT $user_id, $campaign_id, $service_key, 'data_sharing', $data_types, true, $purpose, 'agent', live.id
      FROM live_sessions live JOIN users u ON u.id = live.user_id
     WHERE live.id = $session_id AND u.deleted_at IS NULL AND NOT EXISTS (
       SELECT FROM consents
        WHERE user_id = $user_id AND campaign_id IS NOT DISTINCT FROM $campaign_id AND service_key = $service_key
          AND agent_session_id = $session_id AND withdrawn_at IS NULL AND $data_types <@ data_types)
       FOR KEY SHARE OF u`,
});

/**
 * Records the consent that a run's input may carry these data types to a service. Does nothing if the session
 * has a consent for the same campaign and service that includes these types and isn't withdrawn, or has ended.
 */
export async function recordInputConsent(
  sql: Sql,
  {
    actor,
    campaignId,
    serviceKey,
    dataTypes,
  }: { actor: SessionActor; campaignId: string | null; serviceKey: string; dataTypes: DataType[] },
): Promise<void> {
  await insertInputConsent.count(sql, {
    user_id: actor.userId,
    campaign_id: campaignId,
    service_key: serviceKey,
    data_types: dataTypes,
    purpose: `input of ${serviceKey}`,
    session_id: actor.sessionId,
  });
}

/** Lists a user's consents, newest first. `sponsor`: the sponsor that may get the data. */
export const listConsentRecords = (db: Queries, userId: string, offset: number, limit: number) =>
  db.consentRecord.findMany({
    where: { userId },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    skip: offset,
    take: limit,
  });

export async function countConsents(db: Queries, userId: string): Promise<number> {
  return db.consent.count({ where: { userId } });
}

/** Records the consents to a completion's answers. They belong in the transaction that stores the completion. */
export const recordConsents = statement({
  name: "consent.record-consents",
  limit: "money",
  params: {
    user_id: uuid,
    campaign_id: uuid,
    completion_id: uuid,
    granted_via: oneOf("agent", "human"),
    /** Null: the user answered by themselves. */
    session_id: nullable(uuid),
    consents: json<ConsentRecord[]>(),
  },
  row: {},
  text: `
    INSERT INTO consents (user_id, campaign_id, task_completion_id, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
    SELECT $user_id, $campaign_id, $completion_id, r."consentType", r."dataTypes", r.granted, r.purpose, $granted_via, $session_id
      FROM jsonb_to_recordset($consents) AS r("consentType" text, "dataTypes" text[], granted boolean, purpose text)`,
});

/** Ends all consents to a completion's answers, which its sponsor rejects. They are locked in id order, before the completion. */
export const endConsentsOfCompletion = statement({
  name: "consent.end-of-completion",
  limit: "money",
  params: { completion_id: uuid },
  row: {},
  text: `
    UPDATE consents SET withdrawn_at = now()
     WHERE id IN (SELECT id FROM consents WHERE task_completion_id = $completion_id AND withdrawn_at IS NULL ORDER BY id FOR UPDATE)`,
});

/**
 * Withdraws a consent. For a consent to contact, only that consent ends. For a consent to share or keep a task's
 * answers, all consents of the same completion end, the answers are erased, and the completion counts as
 * withdrawn. The consents are locked in id order, so that parallel withdrawals wait for each other and can't
 * deadlock. What its sponsor rejected was erased before. Returns when the consent was first withdrawn; no row if the user has no such consent.
 */
export const withdraw = statement({
  name: "consent.withdraw",
  limit: "money",
  params: { id: uuid, user_id: uuid },
  row: { withdrawn_at: timestamp },
  text: `
    WITH requested AS (
      SELECT id, consent_type, task_completion_id FROM consents WHERE id = $id AND user_id = $user_id
    ), ended AS MATERIALIZED (
      SELECT k.id, k.withdrawn_at FROM consents k, requested
       WHERE k.id = requested.id OR (requested.consent_type <> 'contact' AND k.task_completion_id = requested.task_completion_id)
       ORDER BY k.id FOR UPDATE OF k
    ), withdrawn AS (
      UPDATE consents k SET withdrawn_at = now() FROM ended WHERE k.id = ended.id AND ended.withdrawn_at IS NULL
    ), completion AS (
      UPDATE task_completions t SET withdrawn_at = now(), details = NULL FROM requested
       WHERE t.id = requested.task_completion_id AND requested.consent_type <> 'contact' AND t.withdrawn_at IS NULL AND t.rejected_at IS NULL
         AND EXISTS (SELECT FROM ended)
    )
    SELECT coalesce(ended.withdrawn_at, now()) AS withdrawn_at FROM ended JOIN requested ON requested.id = ended.id`,
});
