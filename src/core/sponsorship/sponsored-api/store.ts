import type { SponsoredApi } from "../../../platform/generated/prisma/client.ts";
import type { Account } from "../../money/budget/index.ts";
import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  boolean,
  bytes,
  integer,
  json,
  nullable,
  oneOf,
  text,
  texts,
  uuid,
} from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import type { ParamsOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

export type ApiRow = Omit<SponsoredApi, "searchText">;
export type ApiWithBudget = ApiRow & { budgetAccount: Account | null };

/** Registers an API, unless its service key is taken. */
export const insertApi = statement({
  name: "sponsored-api.insert",
  limit: "money",
  params: {
    id: uuid,
    sponsor_id: uuid,
    service_key: text,
    name: text,
    description: text,
    localized: nullable(json()),
    categories: texts(),
    tags: texts(),
    upstream_url: text,
    upstream_method: oneOf("GET", "POST"),
    /** Encrypted. */
    upstream_headers: nullable(bytes),
    price_micros: bigint,
    quote_micros: nullable(bigint),
    network: nullable(text),
    asset: nullable(text),
    pay_to: nullable(text),
    input_schema: json(),
    input_data_types: texts<DataType>(),
    output_schema: nullable(json()),
    sample_input: json(),
    timeout_ms: integer,
  },
  row: {},
  text: `
    INSERT INTO sponsored_apis (id, sponsor_id, service_key, name, description, localized, categories, tags, upstream_url, upstream_method,
                                upstream_headers, price_micros, last_quote_micros, lowest_quote_micros, network, asset, pay_to,
                                input_schema, input_data_types, output_schema, sample_input, timeout_ms)
    VALUES ($id, $sponsor_id, $service_key, $name, $description, $localized, $categories, $tags, $upstream_url, $upstream_method,
            $upstream_headers, $price_micros, $quote_micros, $quote_micros, $network, $asset, $pay_to,
            $input_schema, $input_data_types, $output_schema, $sample_input, $timeout_ms)
    ON CONFLICT (service_key) DO NOTHING`,
});

const WITH_BUDGET = { budgetAccount: { select: ACCOUNT_FIELDS } } as const;

export async function findApi(db: Queries, serviceKey: string): Promise<ApiRow | undefined> {
  return (
    (await db.sponsoredApi.findUnique({ where: { serviceKey }, omit: { searchText: true } })) ?? undefined
  );
}

export async function findApiOfSponsor(
  db: Queries,
  serviceKey: string,
  sponsorId: string,
): Promise<ApiWithBudget | undefined> {
  const api = await db.sponsoredApi.findFirst({ where: { serviceKey, sponsorId }, include: WITH_BUDGET });
  return api ?? undefined;
}

/** A page of them could have 10 MB, and a list shows none of it. */
const LARGE_PARTS = { inputSchema: true, outputSchema: true, sampleInput: true } as const;

export async function listApisOfSponsor(
  db: Queries,
  sponsorId: string,
  offset: number,
  limit: number,
): Promise<Omit<ApiWithBudget, keyof typeof LARGE_PARTS>[]> {
  return db.sponsoredApi.findMany({
    where: { sponsorId },
    omit: { ...LARGE_PARTS, searchText: true },
    include: WITH_BUDGET,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: offset,
    take: limit,
  });
}

export async function countApis(db: Queries, sponsorId: string): Promise<number> {
  return db.sponsoredApi.count({ where: { sponsorId } });
}

export async function serviceKeyTaken(db: Queries, serviceKey: string): Promise<boolean> {
  return (await db.sponsoredApi.count({ where: { serviceKey } })) > 0;
}

/** Terms to which payments are pinned, and the quote that came with them. All null: the upstream is free. */
export interface TermChanges {
  network: string | null;
  asset: string | null;
  pay_to: string | null;
  quote_micros: bigint | null;
}

const UNCHANGED_TERMS: TermChanges = { network: null, asset: null, pay_to: null, quote_micros: null };

/**
 * Changes what isn't null, of an API that isn't archived. With a revision, only if no other request has changed what is called
 * since it was read. Locks the API until the transaction ends.
 */
const update = statement({
  name: "sponsored-api.update",
  limit: "money",
  params: {
    id: uuid,
    active: nullable(boolean),
    /** Lets an API that was set aside have calls again. */
    resumes: boolean,
    name: nullable(text),
    description: nullable(text),
    localized: nullable(json()),
    categories: nullable(texts()),
    tags: nullable(texts()),
    price_micros: nullable(bigint),
    timeout_ms: nullable(integer),
    output_schema: nullable(json()),
    upstream_url: nullable(text),
    changes_headers: boolean,
    upstream_headers: nullable(bytes),
    input_schema: nullable(json()),
    input_data_types: nullable(texts<DataType>()),
    sample_input: nullable(json()),
    changes_terms: boolean,
    network: nullable(text),
    asset: nullable(text),
    pay_to: nullable(text),
    quote_micros: nullable(bigint),
    revision: nullable(integer),
  },
  row: {},
  text: `
    UPDATE sponsored_apis SET
      active = coalesce($active, active), set_aside_at = CASE WHEN $resumes THEN NULL ELSE set_aside_at END,
      failed_user_ids = CASE WHEN $resumes THEN '{}' ELSE failed_user_ids END,
      name = coalesce($name, name), description = coalesce($description, description), localized = coalesce($localized, localized),
      categories = coalesce($categories, categories), tags = coalesce($tags, tags), price_micros = coalesce($price_micros, price_micros),
      timeout_ms = coalesce($timeout_ms, timeout_ms), output_schema = coalesce($output_schema, output_schema),
      upstream_url = coalesce($upstream_url, upstream_url),
      upstream_headers = CASE WHEN $changes_headers THEN $upstream_headers ELSE upstream_headers END,
      input_schema = coalesce($input_schema, input_schema), input_data_types = coalesce($input_data_types, input_data_types),
      sample_input = coalesce($sample_input, sample_input),
      network = CASE WHEN $changes_terms THEN $network ELSE network END, asset = CASE WHEN $changes_terms THEN $asset ELSE asset END,
      pay_to = CASE WHEN $changes_terms THEN $pay_to ELSE pay_to END,
      last_quote_micros = CASE WHEN $changes_terms THEN $quote_micros ELSE last_quote_micros END,
      lowest_quote_micros = CASE WHEN $changes_terms THEN $quote_micros ELSE lowest_quote_micros END,
      revision = revision + CASE WHEN $revision IS NULL THEN 0 ELSE 1 END
     WHERE id = $id AND archived_at IS NULL AND ($revision IS NULL OR revision = $revision)`,
});

/** Changes that hold whatever else changes. */
export type ApiChanges = Partial<
  Pick<
    ParamsOf<typeof update>,
    | "active"
    | "resumes"
    | "name"
    | "description"
    | "localized"
    | "categories"
    | "tags"
    | "price_micros"
    | "timeout_ms"
    | "output_schema"
  >
>;

/** Changes of what is called, and on which terms. They are checked and probed against each other. */
export type DefinitionChanges = Partial<
  Pick<ParamsOf<typeof update>, "upstream_url" | "input_schema" | "input_data_types" | "sample_input"> & {
    /** Encrypted. Null: none. */
    upstream_headers: Uint8Array<ArrayBuffer> | null;
    terms: TermChanges;
  }
>;

/**
 * Changes an API as it was read. Returns false, and changes nothing, if it was archived since, or if its definition is to
 * change and another request has changed it since.
 */
export async function updateApi(
  sql: Sql,
  { id, revision }: Pick<ApiRow, "id" | "revision">,
  changes: ApiChanges,
  { terms, ...definition }: DefinitionChanges,
): Promise<boolean> {
  const isRedefined = terms !== undefined || Object.keys(definition).length > 0;
  const count = await update.count(sql, {
    ...NO_CHANGES,
    ...changes,
    ...definition,
    ...(terms ?? UNCHANGED_TERMS),
    id,
    changes_headers: definition.upstream_headers !== undefined,
    changes_terms: terms !== undefined,
    revision: isRedefined ? revision : null,
  });
  return count > 0;
}

const NO_CHANGES = {
  ...{
    active: null,
    resumes: false,
    name: null,
    description: null,
    localized: null,
    categories: null,
    tags: null,
  },
  ...{
    price_micros: null,
    timeout_ms: null,
    output_schema: null,
    upstream_url: null,
    upstream_headers: null,
  },
  ...{ input_schema: null, input_data_types: null, sample_input: null },
};

/** Archives an API for good: it takes no new calls. Writes one row if it wasn't archived before. */
export const archive = statement({
  name: "sponsored-api.archive",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `
    UPDATE sponsored_apis SET archived_at = now(), active = false, revision = revision + 1
     WHERE id = $id AND archived_at IS NULL`,
});

/** Locks an API until the transaction ends, and returns its own budget account. */
export const lockBudget = statement({
  name: "sponsored-api.lock-budget",
  limit: "money",
  params: { id: uuid },
  row: { budget_account_id: nullable(uuid) },
  text: `SELECT budget_account_id FROM sponsored_apis WHERE id = $id FOR NO KEY UPDATE`,
});

/** Gives an API its own budget account. `lockBudget` has shown that it has none. */
export const linkBudget = statement({
  name: "sponsored-api.link-budget",
  limit: "money",
  params: { id: uuid, account_id: uuid },
  row: {},
  text: `UPDATE sponsored_apis SET budget_account_id = $account_id WHERE id = $id`,
});

/** Changes an upstream's address. Only for demo upstreams, whose port changes between starts. */
export async function moveUpstream(db: Queries, serviceKey: string, upstreamUrl: string): Promise<void> {
  await db.sponsoredApi.update({ where: { serviceKey }, data: { upstreamUrl } });
}

/** Stores the upstream's last quote, and its lowest one, from which the cost of the next call is expected. */
export const storeQuote = statement({
  name: "sponsored-api.record-quote",
  limit: "money",
  params: { id: uuid, amount_micros: bigint },
  row: {},
  text: `
    UPDATE sponsored_apis SET last_quote_micros = $amount_micros, lowest_quote_micros = least(lowest_quote_micros, $amount_micros)
     WHERE id = $id AND (last_quote_micros IS DISTINCT FROM $amount_micros OR lowest_quote_micros IS NULL)`,
});
