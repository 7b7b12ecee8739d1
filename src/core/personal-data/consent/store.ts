import type { SessionActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { json, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { ConsentRecord } from "./rules.ts";

/**
 * Records the consent that a run's input may carry these data types to a service. Does nothing if the session
 * has a consent for the same campaign and service that includes these types and isn't withdrawn.
 */
export async function recordInputConsent(
  db: Queries,
  {
    actor,
    campaignId,
    serviceKey,
    dataTypes,
  }: { actor: SessionActor; campaignId: string | null; serviceKey: string; dataTypes: DataType[] },
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO consents (user_id, campaign_id, service_key, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
    SELECT ${actor.userId}::uuid, ${campaignId}::uuid, ${serviceKey}, 'data_sharing', ${dataTypes}::text[], true,
           ${`input of ${serviceKey}`}, 'agent', ${actor.sessionId}::uuid
     WHERE NOT EXISTS (
       SELECT FROM consents
        WHERE user_id = ${actor.userId}::uuid AND campaign_id IS NOT DISTINCT FROM ${campaignId}::uuid AND service_key = ${serviceKey}
          AND agent_session_id = ${actor.sessionId}::uuid AND withdrawn_at IS NULL AND ${dataTypes}::text[] <@ data_types)`;
}

/** Records the consents to a completion's answers. They belong in the transaction that stores the completion. */
export const recordConsents = statement({
  name: "consent.record-consents",
  limit: "money",
  params: {
    user_id: uuid,
    campaign_id: uuid,
    completion_id: uuid,
    session_id: uuid,
    consents: json<ConsentRecord[]>(),
  },
  row: {},
  text: `
    INSERT INTO consents (user_id, campaign_id, task_completion_id, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
    SELECT $user_id, $campaign_id, $completion_id, r."consentType", r."dataTypes", r.granted, r.purpose, 'agent', $session_id
      FROM jsonb_to_recordset($consents) AS r("consentType" text, "dataTypes" text[], granted boolean, purpose text)`,
});

/** A consent with the names of its sponsor and campaign. */
export interface ConsentRow {
  id: string;
  consent_type: "data_sharing" | "contact" | "retention";
  sponsor: string | null;
  campaign_id: string | null;
  campaign_name: string | null;
  service_key: string | null;
  data_types: DataType[];
  granted: boolean;
  purpose: string;
  granted_via: "agent" | "human";
  created_at: Date;
  withdrawn_at: Date | null;
}

/**
 * Lists a user's consents, newest first. `sponsor` is the sponsor that may get the data. For a run's input,
 * that is the owner of the service, whichever campaign pays. For a task's answers, it is the campaign's
 * sponsor.
 */
export async function listConsentRows(
  db: Queries,
  userId: string,
  offset: number,
  limit: number,
): Promise<ConsentRow[]> {
  return db.$queryRaw<ConsentRow[]>`
    SELECT k.id, k.consent_type, s.name AS sponsor, k.campaign_id, c.name AS campaign_name, k.service_key, k.data_types,
           k.granted, k.purpose, k.granted_via, k.created_at, k.withdrawn_at
      FROM consents k
      LEFT JOIN campaigns c ON c.id = k.campaign_id
      LEFT JOIN sponsored_apis a ON a.service_key = k.service_key
      LEFT JOIN sponsors s ON s.id = coalesce(a.sponsor_id, c.sponsor_id)
     WHERE k.user_id = ${userId}::uuid
     ORDER BY k.created_at DESC, k.id LIMIT ${limit} OFFSET ${offset}`;
}

export async function countConsents(db: Queries, userId: string): Promise<number> {
  return db.consent.count({ where: { userId } });
}

/**
 * Withdraws a consent in one statement. For a consent to contact, only that consent ends. For a consent to
 * share or keep a task's answers, all consents of the same completion end, the answers are erased, and the
 * completion counts as withdrawn. The consents are locked in id order, so that parallel withdrawals wait for
 * each other and can't deadlock. Returns when the consent was first withdrawn, or undefined if the user has no
 * such consent.
 */
export async function withdraw(db: Queries, userId: string, consentId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ withdrawn_at: Date }[]>`
    WITH requested AS (
      SELECT id, consent_type, task_completion_id FROM consents WHERE id = ${consentId}::uuid AND user_id = ${userId}::uuid
    ), ended AS MATERIALIZED (
      SELECT k.id, k.withdrawn_at FROM consents k, requested
       WHERE k.id = requested.id OR (requested.consent_type <> 'contact' AND k.task_completion_id = requested.task_completion_id)
       ORDER BY k.id FOR UPDATE OF k
    ), withdrawn AS (
      UPDATE consents k SET withdrawn_at = now() FROM ended WHERE k.id = ended.id AND ended.withdrawn_at IS NULL
    ), completion AS (
      UPDATE task_completions t SET withdrawn_at = now(), details = NULL FROM requested
       WHERE t.id = requested.task_completion_id AND requested.consent_type <> 'contact' AND t.withdrawn_at IS NULL
         AND EXISTS (SELECT FROM ended)
    )
    SELECT coalesce(ended.withdrawn_at, now()) AS withdrawn_at FROM ended JOIN requested ON requested.id = ended.id`;
  return rows[0]?.withdrawn_at;
}
