import { integer, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Which kinds of stored values a grant's agent has had sent to which sponsor, when last, and how often they didn't fit. */
export const exportUses = statement({
  name: "vault.export-uses",
  limit: "read",
  params: { grant_id: uuid },
  row: {
    grant_id: uuid,
    sponsor: text,
    data_type: text,
    last_used_at: nullable(timestamp),
    misfits: integer,
  },
  text: `
    SELECT m.grant_id, s.name AS sponsor, m.data_type, m.last_used_at, m.misfits
      FROM vault_misfits m JOIN sponsors s ON s.id = m.sponsor_id WHERE m.grant_id = $grant_id ORDER BY m.sponsor_id, m.data_type`,
});
