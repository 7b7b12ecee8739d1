import type { SponsoredApi } from "../../../platform/generated/prisma/client.ts";
import type { Account } from "../../money/budget/index.ts";
import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import type { Sql } from "../../ports/sql.ts";
import { bigint, bytes, integer, json, nullable, oneOf, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { isServiceAlias } from "../../protocol/foreign/index.ts";

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

/** The key of the service with this alias (`neutralServiceKey`). */
const findKeyByAlias = statement({
  name: "sponsored-api.find-key-by-alias",
  limit: "read",
  params: { alias: text },
  row: { service_key: text },
  text: `
    SELECT service_key FROM sponsored_apis WHERE 'service_' || left(encode(sha256(service_key::bytea), 'hex'), 24) = $alias`,
});

/** @param name the service's key, or the alias by which readers know it who ask for quiet */
export async function findApi(
  { db, sql }: { db: Queries; sql: Sql },
  name: string,
): Promise<ApiRow | undefined> {
  const serviceKey = isServiceAlias(name)
    ? (await findKeyByAlias.first(sql, { alias: name }))?.service_key
    : name;
  if (serviceKey === undefined) return undefined;
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

/** Archives all APIs of a sponsor. Returns those that weren't archived before. */
export const archiveApisOf = statement({
  name: "sponsored-api.archive-of-sponsor",
  limit: "money",
  params: { sponsor_id: uuid },
  row: { service_id: uuid },
  text: `
    UPDATE sponsored_apis SET archived_at = now(), active = false, revision = revision + 1
     WHERE id IN (SELECT id FROM sponsored_apis
                   WHERE sponsor_id = $sponsor_id AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE)
    RETURNING id AS service_id`,
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
