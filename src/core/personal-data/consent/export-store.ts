import { boolean, integer, nullable, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The user's consents, those that were withdrawn too, by id. */
export const exportConsents = statement({
  name: "consent.export",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    consent_type: text,
    sponsor: nullable(text),
    campaign_id: nullable(uuid),
    campaign_name: nullable(text),
    service_key: nullable(text),
    data_types: texts(),
    granted: boolean,
    purpose: text,
    granted_via: text,
    created_at: timestamp,
    withdrawn_at: nullable(timestamp),
  },
  text: `
    SELECT id, consent_type, sponsor, campaign_id, campaign_name, service_key, data_types, granted, purpose, granted_via,
           created_at, withdrawn_at
      FROM consent_records WHERE user_id = $user_id AND ($after IS NULL OR id > $after) ORDER BY id LIMIT $limit`,
});
