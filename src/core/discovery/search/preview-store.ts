import { text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Reads what a sponsor's service is found by. */
export const readTerms = statement({
  name: "search.read-terms",
  limit: "search",
  params: { service_key: text, sponsor_id: uuid },
  row: { service_id: uuid, name: text, other_names: texts(), terms: texts() },
  text: `
    SELECT a.id AS service_id, a.name,
           ARRAY(SELECT language.value->>'name' FROM jsonb_each(coalesce(a.localized, '{}')) language WHERE language.value ? 'name') AS other_names,
           tsvector_to_array(e.terms) AS terms
      FROM sponsored_apis a JOIN search_entries e ON e.service_id = a.id
     WHERE a.service_key = $service_key AND a.sponsor_id = $sponsor_id`,
});
