import type { Prisma, SponsoredApi } from "../../../platform/generated/prisma/client.ts";
import type { Account } from "../../money/budget/index.ts";
import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

export type ApiRow = Omit<SponsoredApi, "searchText">;
export type ApiWithBudget = ApiRow & { budgetAccount: Account | null };

export interface NewApi {
  id: string;
  sponsorId: string;
  serviceKey: string;
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  upstreamUrl: string;
  upstreamMethod: "GET" | "POST";
  /** Encrypted. */
  upstreamHeaders: Uint8Array<ArrayBuffer> | null;
  priceMicros: bigint;
  lastQuoteMicros: bigint | null;
  lowestQuoteMicros: bigint | null;
  terms: { network: string; asset: string; payTo: string } | null;
  inputSchema: Record<string, unknown>;
  inputDataTypes: DataType[];
  sampleInput: Record<string, unknown>;
  timeoutMs: number;
}

/** Registers an API. Returns false if its service key is taken. */
export async function insertApi(
  db: Queries,
  { terms, inputSchema, sampleInput, ...api }: NewApi,
): Promise<boolean> {
  const { count } = await db.sponsoredApi.createMany({
    data: {
      ...api,
      network: terms?.network ?? null,
      asset: terms?.asset ?? null,
      payTo: terms?.payTo ?? null,
      inputSchema: inputSchema as Prisma.InputJsonObject,
      sampleInput: sampleInput as Prisma.InputJsonObject,
    },
    skipDuplicates: true,
  });
  return count === 1;
}

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

export async function listApisOfSponsor(
  db: Queries,
  sponsorId: string,
  offset: number,
  limit: number,
): Promise<ApiWithBudget[]> {
  return db.sponsoredApi.findMany({
    where: { sponsorId },
    include: WITH_BUDGET,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: offset,
    take: limit,
  });
}

const PAID = { active: true, payTo: { not: null } } as const;

/** Lists active services that cost something, oldest first. */
export async function listPaidApis(db: Queries, offset: number, limit: number): Promise<ApiRow[]> {
  return db.sponsoredApi.findMany({
    where: PAID,
    omit: { searchText: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    skip: offset,
    take: limit,
  });
}

export const countPaidApis = (db: Queries): Promise<number> => db.sponsoredApi.count({ where: PAID });

export async function countApis(db: Queries, sponsorId: string): Promise<number> {
  return db.sponsoredApi.count({ where: { sponsorId } });
}

export async function serviceKeyTaken(db: Queries, serviceKey: string): Promise<boolean> {
  return (await db.sponsoredApi.count({ where: { serviceKey } })) > 0;
}

export interface ApiChanges {
  active?: boolean;
  name?: string;
  description?: string;
  categories?: string[];
  tags?: string[];
  priceMicros?: bigint;
  timeoutMs?: number;
  network?: string | null;
  asset?: string | null;
  payTo?: string | null;
  lastQuoteMicros?: bigint | null;
  lowestQuoteMicros?: bigint | null;
}

export async function updateApi(db: Queries, id: string, changes: ApiChanges): Promise<ApiWithBudget> {
  return db.sponsoredApi.update({ where: { id }, data: changes, include: WITH_BUDGET });
}

/** Gives an API a budget account, unless it has one. Returns the id of the account that it has afterwards. */
export async function linkBudget(db: Queries, apiId: string, accountId: string): Promise<string> {
  const rows = await db.$queryRaw<{ account: string }[]>`
    UPDATE sponsored_apis SET budget_account_id = coalesce(budget_account_id, ${accountId}::uuid)
     WHERE id = ${apiId}::uuid RETURNING budget_account_id AS account`;
  return rows[0]?.account ?? accountId;
}

/** Changes an upstream's address. Only for demo upstreams, whose port changes between starts. */
export async function moveUpstream(db: Queries, serviceKey: string, upstreamUrl: string): Promise<void> {
  await db.sponsoredApi.update({ where: { serviceKey }, data: { upstreamUrl } });
}

/** Stores the upstream's last quote, and its lowest one, from which the cost of the next call is expected. */
export async function recordQuote(db: Queries, apiId: string, amountMicros: bigint): Promise<void> {
  await db.$executeRaw`
    UPDATE sponsored_apis SET last_quote_micros = ${amountMicros}, lowest_quote_micros = least(lowest_quote_micros, ${amountMicros})
     WHERE id = ${apiId}::uuid
       AND (last_quote_micros IS DISTINCT FROM ${amountMicros} OR lowest_quote_micros IS NULL)`;
}
