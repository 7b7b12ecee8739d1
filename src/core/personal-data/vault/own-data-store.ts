import { oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** When agents last had the user's stored values filled in. */
export const listUses = statement({
  name: "vault.list-uses",
  limit: "read",
  params: { user_id: uuid },
  row: { data_type: oneOf<DataType>(), last_used_at: timestamp },
  text: `
    SELECT m.data_type, max(m.last_used_at) AS last_used_at
      FROM grants g JOIN vault_misfits m ON m.grant_id = g.id
     WHERE g.user_id = $user_id AND m.last_used_at IS NOT NULL GROUP BY m.data_type`,
});

/** So many of the newest consents are looked through. */
const MOST_CONSENTS = 2_000;
const MOST_RECIPIENTS = 200;

/** Who got data of the user, by type: as a task's answers or as a run's input, typed by the agent or filled in. */
export const listRecipients = statement({
  name: "vault.list-recipients",
  limit: "read",
  params: { user_id: uuid },
  row: { data_type: oneOf<DataType>(), name: text, last_at: timestamp },
  text: `
    SELECT went.data_type, s.name, max(went.at) AS last_at
      FROM (SELECT unnest(k.data_types) AS data_type, coalesce(a.sponsor_id, c.sponsor_id) AS sponsor_id, k.created_at AS at
              FROM (SELECT * FROM consents WHERE user_id = $user_id ORDER BY created_at DESC LIMIT ${MOST_CONSENTS}) k
              LEFT JOIN campaigns c ON c.id = k.campaign_id
              LEFT JOIN sponsored_apis a ON a.service_key = k.service_key
             WHERE k.consent_type = 'data_sharing' AND k.granted) went
      JOIN sponsors s ON s.id = went.sponsor_id
     GROUP BY went.data_type, s.name ORDER BY last_at DESC LIMIT ${MOST_RECIPIENTS}`,
});
