import type { SessionActor } from "../context.ts";
import type { DataType } from "../data-schema/index.ts";
import type { Queries } from "../ports.ts";

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
