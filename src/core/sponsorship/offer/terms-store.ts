import { boolean, integer, json, nullable, text, texts, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { labelsOf } from "./store.ts";

/** Texts of so many campaigns belong to a service's texts. */
const MOST_CAMPAIGNS = 5;

/** Creates entries of services that have none yet. Their terms are still to be found. */
export const addEntries = statement({
  name: "offer.add-entries",
  limit: "money",
  params: { service_ids: uuids },
  row: {},
  text: `
    INSERT INTO search_entries (service_id, terms_version, terms) SELECT id, '', '' FROM unnest($service_ids) id ORDER BY id
    ON CONFLICT (service_id) DO NOTHING`,
});

/** Reads what services are found by: their own texts, and the short texts of campaigns that pay for them. */
export const readTexts = statement({
  name: "offer.read-texts",
  limit: "money",
  params: { service_ids: uuids },
  row: {
    service_id: uuid,
    service_key: text,
    name: text,
    description: text,
    localized: nullable(json<Record<string, { name?: string; description?: string }>>()),
    categories: texts(),
    tags: texts(),
    campaigns: texts(),
  },
  text: `
    SELECT a.id AS service_id, a.service_key, a.name, a.description, a.localized, a.categories, a.tags,
           ARRAY(SELECT concat_ws(', ', c.name, c.required_task, array_to_string(c.tags, ', '))
                   FROM campaign_services s JOIN campaigns c ON c.id = s.campaign_id
                  WHERE s.sponsored_api_id = a.id AND c.active ORDER BY c.created_at, c.id LIMIT ${MOST_CAMPAIGNS}) AS campaigns
      FROM sponsored_apis a WHERE a.id = ANY($service_ids)`,
});

/** Stores services' terms, each written as a `tsvector`. The labels of their tiers stay. */
export const writeTerms = statement({
  name: "offer.write-terms",
  limit: "money",
  params: { service_ids: uuids, terms: texts(), version: text },
  row: {},
  text: `
    UPDATE search_entries e SET terms_version = $version, terms = found.terms::tsvector || ${labelsOf("e.tier")}
      FROM unnest($service_ids, $terms) AS found (service_id, terms) WHERE e.service_id = found.service_id`,
});

/**
 * Adds terms that the catalogue didn't have. In one order, so that two calls at once can't wait for each other; and it locks no term
 * that is there already, since all services of a topic share it. A term that nothing had when it was last counted is one again, so
 * that it isn't deleted.
 */
export const addTerms = statement({
  name: "offer.add-terms",
  limit: "money",
  params: { terms: texts() },
  row: {},
  text: `
    WITH unused AS (
      SELECT term FROM search_terms WHERE term = ANY($terms) AND services = 0 ORDER BY term FOR UPDATE
    ), used_again AS (
      UPDATE search_terms t SET services = 1 FROM unused WHERE t.term = unused.term
    )
    INSERT INTO search_terms (term) SELECT term FROM unnest($terms) term ORDER BY term ON CONFLICT (term) DO NOTHING`,
});

/** The same for English words as they are written. */
export const addWords = statement({
  name: "offer.add-words",
  limit: "money",
  params: { words: texts() },
  row: {},
  text: `
    INSERT INTO search_words (word) SELECT word FROM unnest($words) word ORDER BY word ON CONFLICT (word) DO NOTHING`,
});

/** Says which analyser and thesaurus entries are brought to from now on. */
export const setTermsVersion = statement({
  name: "offer.set-terms-version",
  limit: "job",
  params: { version: text },
  row: {},
  text: `UPDATE search_catalogue SET terms_version = $version WHERE id = 1 AND terms_version <> $version`,
});

/** Locks entries with terms of another version, if this one is still what they are to be brought to. */
export const takeOutdated = statement({
  name: "offer.take-outdated",
  limit: "job",
  params: { version: text, most: integer },
  row: { service_id: uuid },
  text: `
    SELECT e.service_id FROM search_catalogue c, search_entries e
     WHERE c.id = 1 AND c.terms_version = $version AND e.terms_version <> $version
     ORDER BY e.service_id LIMIT $most FOR NO KEY UPDATE OF e SKIP LOCKED`,
});

/** Whether any entry has terms of another version. */
export const hasOutdated = statement({
  name: "offer.has-outdated",
  limit: "job",
  params: { version: text },
  row: { outdated: boolean },
  text: `SELECT EXISTS (SELECT FROM search_entries WHERE terms_version < $version OR terms_version > $version) AS outdated`,
});
