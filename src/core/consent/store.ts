import type { DataType } from "../data-schema/index.ts";
import type { Queries } from "../ports.ts";

/** Records, once while it stands, that a run's input may carry these data types to a service. */
export async function recordInputConsent(
  db: Queries,
  c: {
    userId: string;
    campaignId: string | null;
    serviceKey: string;
    dataTypes: DataType[];
    sessionId: string;
  },
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO consents (user_id, campaign_id, service_key, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
    SELECT ${c.userId}::uuid, ${c.campaignId}::uuid, ${c.serviceKey}, 'data_sharing', ${c.dataTypes}::text[], true,
           ${`input of ${c.serviceKey}`}, 'agent', ${c.sessionId}::uuid
     WHERE NOT EXISTS (
       SELECT FROM consents
        WHERE user_id = ${c.userId}::uuid AND campaign_id IS NOT DISTINCT FROM ${c.campaignId}::uuid AND service_key = ${c.serviceKey}
          AND agent_session_id = ${c.sessionId}::uuid AND withdrawn_at IS NULL AND ${c.dataTypes}::text[] <@ data_types)`;
}
