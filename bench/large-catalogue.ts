import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import { countTerms, indexServices } from "../src/core/sponsorship/offer/index.ts";
import { placeEntries } from "../src/core/sponsorship/offer/store.ts";
import { LABELS } from "../src/core/protocol/search-text/index.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { queryRows, runSql } from "../test/support/database.ts";

/** Services with texts of their own, each with a campaign that pays for it; every tenth has an open budget too. */

const list = (words: string): string[] => words.trim().split(/\s+/);

export const NOUNS = list(`
  weather forecast temperature rainfall wind storm tide wave harbor ferry flight airport hotel hostel train bus metro taxi parking
  passport visa itinerary museum castle trail campsite glacier avalanche river reservoir drought soil crop harvest orchard livestock
  fishery forest wildfire volcano earthquake satellite telescope asteroid planet aurora moon sunrise calendar holiday timezone
  currency exchange stock dividend bond pension mortgage loan invoice tax tariff receipt payroll audit ledger insurance claim
  translation dictionary grammar sentiment summary keyword transcript speech subtitle image logo photo video thumbnail map route
  address elevation parcel shipment warehouse container truck pallet customs vessel fuel charger battery solar turbine emission
  carbon recycling recipe nutrition allergen restaurant menu wine bakery grocery coffee football tennis chess score fixture league
  lawsuit patent trademark contract clause statute notary music lyrics chord playlist concert theatre ticket vacancy salary resume
  interview course lecture textbook quiz library molecule protein genome vaccine dosage symptom clinic hospital dentist pharmacy
  pollen vehicle recall licence registry director sanction domain certificate hostname malware breach password email phone barcode
  catalogue review price discount coupon auction rent property permit census population election parliament budget grant newspaper
  headline podcast magazine author painting sculpture fabric perfume jewel toy puzzle garden flower aquarium horse kennel
`);
const ADJECTIVES = list(`
  accurate daily global historical hourly instant local modern nationwide premium private public regional reliable secure simple
  verified worldwide compact structured certified seasonal annual monthly bilingual coastal commercial corporate cultural digital
  domestic electric federal financial forensic geological industrial judicial linguistic maritime medical municipal nautical
  organic postal predictive residential rural scientific seismic statistical tidal urban veterinary volcanic
`);
const VERBS = list(
  `compares converts predicts ranks tracks explains extracts classifies detects measures estimates matches monitors plans`,
);
export const PLACES = list(`
  Lisbon Porto Madrid Paris Lyon Berlin Hamburg Vienna Zurich Milan Rome Athens Istanbul Cairo Nairobi Lagos Mumbai Delhi Singapore
  Tokyo Osaka Kyoto Seoul Sydney Auckland Toronto Boston Chicago Denver Seattle Lima Quito Santiago Oslo Bergen Helsinki Riga Warsaw
`);
export const JAPANESE = list(
  `天気予報 為替レート 翻訳 乗換案内 地図 株価 献立 観光案内 求人情報 郵便番号 不動産 病院検索 音声認識 画像生成 祝日 占い`,
);
export const CATEGORIES = list(
  `weather travel finance translation search maps images news health food energy sports legal music shipping jobs`,
);

const sqlList = (words: readonly string[]): string => `ARRAY[${words.map((word) => `'${word}'`).join(",")}]`;
/** SQL: a word of a list, chosen by the service's number, and differently for each use. */
const pick = (words: readonly string[], use: number): string =>
  `(${sqlList(words)})[1 + abs(hashint8(n + ${use * 1_000_003}::bigint)::bigint) % ${words.length}]`;

const rows = (from: number, to: number): string => `
  CREATE TEMP TABLE made AS
  SELECT n, gen_random_uuid() AS api, gen_random_uuid() AS campaign, gen_random_uuid() AS account, gen_random_uuid() AS own_account,
         ${pick(NOUNS, 1)} AS noun, ${pick(NOUNS, 2)} AS noun_2, ${pick(NOUNS, 3)} AS noun_3, ${pick(ADJECTIVES, 4)} AS adjective,
         ${pick(ADJECTIVES, 5)} AS adjective_2, ${pick(VERBS, 6)} AS verb, ${pick(PLACES, 7)} AS place, ${pick(PLACES, 8)} AS place_2,
         CASE WHEN n % 20 = 0 THEN ${pick(JAPANESE, 9)} ELSE '' END AS japanese, ${pick(CATEGORIES, 10)} AS category,
         initcap(substr(translate(md5(n::text), '0123456789', 'aeiouaeiou'), 1, 6)) AS brand,
         10000 * (1 + abs(hashint8(n + 123)::bigint) % 8) AS price, abs(hashint8(n + 321)::bigint) AS chance
    FROM generate_series(${from}::bigint, ${to}) n;
  INSERT INTO budget_accounts (id, kind, unit, network, asset, "limit", spent)
  SELECT account, 'campaign', 'micros', 'eip155:1', '0x1', 50000000, chance % 40000000 FROM made;
  INSERT INTO budget_accounts (id, kind, unit, network, asset, "limit")
  SELECT own_account, 'sponsored_api', 'micros', 'eip155:1', '0x1', 10000000 FROM made WHERE n % 10 = 0;
  INSERT INTO sponsored_apis (id, sponsor_id, service_key, name, description, categories, tags, upstream_url, upstream_method, price_micros,
                              lowest_quote_micros, network, asset, pay_to, input_schema, input_data_types, timeout_ms, budget_account_id)
  SELECT api, sponsors.id, lower(brand) || '-' || noun || '-' || n, initcap(adjective) || ' ' || noun || ' ' || brand || ' ' || japanese,
         brand || ' ' || verb || ' ' || noun || ' and ' || noun_2 || ' for ' || place || ' and ' || place_2 || '. With ' || adjective_2 || ' ' || noun_3 || ' data on request. ' || japanese,
         ARRAY[category], ARRAY[noun, noun_2, lower(place)], 'https://upstream.example', 'POST', price, price, 'eip155:1', '0x1', '0x2',
         '{"type": "object", "properties": {"place": {"type": "string", "maxLength": 50}}, "additionalProperties": false}', '{}', 5000,
         CASE WHEN n % 10 = 0 THEN own_account END
    FROM made, (SELECT id FROM sponsors WHERE name = 'Large catalogue') sponsors;
  INSERT INTO campaigns (id, sponsor_id, name, target_roles, target_tools, required_task, task_type, task_description, task_schema, task_data_types,
                         required_data_types, purpose, subsidy_micros, max_calls_per_user, estimated_task_duration_seconds, tags, budget_account_id)
  SELECT campaign, sponsors.id, brand || ' survey', CASE chance % 5 WHEN 0 THEN '{developer}' ELSE '{}' END::text[], '{}', 'Questions on ' || noun_2, 'survey',
         'Answer them', '{}', '{}', CASE chance % 4 WHEN 0 THEN '{email}' ELSE '{}' END::text[], 'To plan', price + 20000,
         CASE chance % 3 WHEN 0 THEN 100 END, 30 + chance % 90, ARRAY[noun_2], account
    FROM made, (SELECT id FROM sponsors WHERE name = 'Large catalogue') sponsors;
  INSERT INTO campaign_services (campaign_id, sponsored_api_id) SELECT campaign, api FROM made;
  DROP TABLE made`;

const ROWS_AT_ONCE = 50_000;
/** So many services are made known as a server does it. Further ones get the terms of these: finding them takes a millisecond each. */
const MOST_INDEXED = 50_000;
const INDEXED_AT_ONCE = 1_000;
const ANALYZED_EVERY = 25;
const PLACED_AT_ONCE = 5_000;

/** Gives the services without an entry the terms of others, and all of them their offers. */
const COPY_ENTRIES = `
  INSERT INTO offers SELECT * FROM current_offers ON CONFLICT DO NOTHING;
  CREATE TEMP TABLE known AS
  SELECT row_number() OVER () AS n, terms_version, ts_delete(terms, '{${LABELS.join(",")}}'::text[]) AS terms FROM search_entries;
  CREATE INDEX ON known (n);
  ANALYZE known;
  INSERT INTO search_entries (service_id, terms_version, terms)
  SELECT a.id, known.terms_version, known.terms
    FROM (SELECT id, 1 + row_number() OVER () % (SELECT count(*) FROM known) AS n FROM sponsored_apis
           WHERE NOT EXISTS (SELECT FROM search_entries WHERE service_id = sponsored_apis.id)) a
    JOIN known USING (n);
  DROP TABLE known;
  ANALYZE offers, search_entries, sponsored_apis, budget_accounts`;

function slices(ids: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, n) => ids.slice(n * size, (n + 1) * size));
}

/** Fills an empty database with so many services, and makes search know them. A million take some ten minutes. */
export async function insertLargeCatalogue({ url, sql }: TestDatabase, services: number): Promise<void> {
  const indexes = (await queryRows(
    url,
    "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'search_entries' AND indexname !~ 'pkey'",
  )) as { name: string; definition: string }[];
  await runSql(url, `DROP INDEX ${indexes.map(({ name }) => name).join(", ")}`);
  await runSql(url, "INSERT INTO sponsors (name) VALUES ('Large catalogue')");
  for (let from = 1; from <= services; from += ROWS_AT_ONCE)
    await runSql(url, rows(from, Math.min(services, from + ROWS_AT_ONCE - 1)));
  await runSql(url, "ANALYZE");
  const ids = ((await queryRows(url, "SELECT id FROM sponsored_apis ORDER BY id")) as { id: string }[]).map(
    ({ id }) => id,
  );
  const indexed = slices(ids.slice(0, MOST_INDEXED), INDEXED_AT_ONCE);
  for (const [n, slice] of indexed.entries()) {
    await sql.transaction((tx) => indexServices(tx, slice, BUILT_IN_THESAURUS));
    // Plans for empty tables would be used on. A growing catalogue is analysed by autovacuum.
    if (n % ANALYZED_EVERY === 0)
      await runSql(url, "ANALYZE search_entries, offers, search_terms, search_words");
  }
  if (ids.length > MOST_INDEXED) await runSql(url, COPY_ENTRIES);
  // Ranks first: the tiers are cut by them. In a server, the job that compares offers does it.
  for (let round = 0; round < 2; round += 1) {
    for (const slice of slices(ids, PLACED_AT_ONCE)) await placeEntries.count(sql, { service_ids: slice });
    await countTerms({ sql });
  }
  for (const { definition } of indexes) await runSql(url, definition);
  await runSql(url, "VACUUM ANALYZE");
}
