import type { SessionActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Records, once while it stands, that a run's input may carry these data types to a service. */
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

/** A run's input goes to whoever owns the service, whichever campaign pays; a task's answers to the campaign's sponsor. */
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
 * Withdraws a consent, and with one to share or to keep a task's answers all that was agreed in the same act, the
 * answers and their completion, in one statement. Rows are locked in id order, so that two withdrawals of one act
 * wait for each other. Returns when it was (first) withdrawn, or undefined where the user has no such consent.
 */
export async function withdraw(db: Queries, userId: string, consentId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ withdrawn_at: Date }[]>`
    WITH asked AS (
      SELECT id, consent_type, task_completion_id FROM consents WHERE id = ${consentId}::uuid AND user_id = ${userId}::uuid
    ), act AS MATERIALIZED (
      SELECT k.id, k.withdrawn_at FROM consents k, asked
       WHERE k.id = asked.id OR (asked.consent_type <> 'contact' AND k.task_completion_id = asked.task_completion_id)
       ORDER BY k.id FOR UPDATE OF k
    ), withdrawn AS (
      UPDATE consents k SET withdrawn_at = now() FROM act WHERE k.id = act.id AND act.withdrawn_at IS NULL
    ), completion AS (
      UPDATE task_completions t SET withdrawn_at = now(), details = NULL FROM asked
       WHERE t.id = asked.task_completion_id AND asked.consent_type <> 'contact' AND t.withdrawn_at IS NULL
         AND EXISTS (SELECT FROM act)
    )
    SELECT coalesce(act.withdrawn_at, now()) AS withdrawn_at FROM act JOIN asked ON asked.id = act.id`;
  return rows[0]?.withdrawn_at;
}
