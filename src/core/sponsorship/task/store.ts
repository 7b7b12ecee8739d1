import { sessionIsLive } from "../../access/session/index.ts";
import type { ConsentRecord } from "../../personal-data/consent/index.ts";
import type { Sources } from "../../personal-data/vault/index.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** Accepted answers, to be stored as a completion. */
export interface NewCompletion {
  id: string;
  campaignId: string;
  userId: string;
  taskName: string;
  /** The answers, encrypted. */
  details: Uint8Array;
  dataTypes: DataType[];
  sources: Sources;
  sessionId: string;
  consents: ConsentRecord[];
}

/**
 * Stores answers together with their consents. Stores nothing if the session has ended, or if a completion of
 * this user already stands. Returns whether they were stored.
 */
export async function insertCompletion(db: Queries, c: NewCompletion): Promise<boolean> {
  const consents = c.consents.map(({ consentType, dataTypes, granted, purpose }) => ({
    consent_type: consentType,
    data_types: dataTypes,
    granted,
    purpose,
  }));
  const rows = await db.$queryRaw<{ id: string }[]>`
    WITH completion AS (
      INSERT INTO task_completions (id, campaign_id, user_id, task_name, details, data_types, sources, execution_mode, agent_session_id)
      SELECT ${c.id}::uuid, ${c.campaignId}::uuid, ${c.userId}::uuid, ${c.taskName}, ${c.details}, ${c.dataTypes}::text[], ${JSON.stringify(c.sources)}::jsonb, 'agent', ${c.sessionId}::uuid
       WHERE ${sessionIsLive(c.sessionId)}
      ON CONFLICT (campaign_id, user_id) WHERE withdrawn_at IS NULL DO NOTHING
      RETURNING id
    ), consent AS (
      INSERT INTO consents (user_id, campaign_id, task_completion_id, consent_type, data_types, granted, purpose, granted_via, agent_session_id)
      SELECT ${c.userId}::uuid, ${c.campaignId}::uuid, completion.id, r.consent_type, r.data_types, r.granted, r.purpose, 'agent', ${c.sessionId}::uuid
        FROM completion, jsonb_to_recordset(${JSON.stringify(consents)}::jsonb)
             AS r(consent_type text, data_types text[], granted boolean, purpose text)
    )
    SELECT id FROM completion`;
  return rows.length === 1;
}

export interface PayableService {
  service_key: string;
  categories: string[];
  input_schema: Record<string, unknown>;
}

/** Lists the services that a campaign would pay for right now, cheapest first. */
export async function listPayableServices(
  db: Queries,
  campaignId: string,
  userId: string,
): Promise<PayableService[]> {
  return db.$queryRaw<PayableService[]>`
    SELECT a.service_key, a.categories, a.input_schema
      FROM campaigns c
      JOIN campaign_services cs ON cs.campaign_id = c.id
      JOIN sponsored_apis a ON a.id = cs.sponsored_api_id
      JOIN budget_accounts b ON b.id = c.budget_account_id
      LEFT JOIN budget_accounts u ON u.campaign_id = c.id AND u.user_id = ${userId}::uuid
     WHERE c.id = ${campaignId}::uuid AND c.active AND a.active AND a.price_micros <= c.subsidy_micros
       AND b."limit" - b.reserved - b.spent >= CASE WHEN a.pay_to IS NULL THEN 0 ELSE least(a.price_micros, a.lowest_quote_micros) END
       AND (c.max_calls_per_user IS NULL OR coalesce(u.reserved + u.spent, 0) < c.max_calls_per_user)
     ORDER BY a.price_micros, a.service_key`;
}
