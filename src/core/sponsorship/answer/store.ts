import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Sources } from "../../personal-data/vault/index.ts";
import type { Queries } from "../../ports/database.ts";

export interface AnswerRow {
  id: string;
  campaign_id: string;
  user_id: string;
  /** The answers, encrypted. */
  details: Uint8Array;
  data_types: string[];
  sources: Sources | null;
  contact_permitted: boolean;
  created_at: Date;
  retained_until: Date;
}

const consented = (type: "data_sharing" | "contact"): Prisma.Sql => Prisma.sql`EXISTS (
  SELECT FROM consents k WHERE k.task_completion_id = t.id AND k.consent_type = ${type} AND k.granted AND k.withdrawn_at IS NULL)`;

const RETAINED_UNTIL = Prisma.sql`t.created_at + make_interval(days => c.retention_days)`;

/**
 * SQL: the answers that a sponsor may read. The consent to sharing them stands, and their retention isn't
 * over.
 */
const readable = (campaignId: string): Prisma.Sql => Prisma.sql`
  FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id
 WHERE t.campaign_id = ${campaignId}::uuid AND t.details IS NOT NULL AND t.withdrawn_at IS NULL
   AND t.created_at > now() - make_interval(days => c.retention_days) AND ${consented("data_sharing")}`;

const COLUMNS = Prisma.sql`t.id, t.campaign_id, t.user_id, t.details, t.data_types, t.sources, t.created_at,
  ${RETAINED_UNTIL} AS retained_until, ${consented("contact")} AS contact_permitted`;

/** Lists one page of answers, newest first. */
export async function listAnswerRows(
  db: Queries,
  campaignId: string,
  offset: number,
  limit: number,
): Promise<AnswerRow[]> {
  return db.$queryRaw<AnswerRow[]>`
    SELECT ${COLUMNS} ${readable(campaignId)}
     ORDER BY t.created_at DESC, t.id DESC LIMIT ${limit} OFFSET ${offset}`;
}

export async function countAnswers(db: Queries, campaignId: string): Promise<number> {
  const rows = await db.$queryRaw<{ count: bigint }[]>`SELECT count(*) ${readable(campaignId)}`;
  return Number(rows[0]?.count ?? 0n);
}

/**
 * Lists the next answers after the one with the id `after`, oldest first; null: from the start. The query
 * reads that row's time itself, because a time that went through JavaScript has lost its microseconds.
 */
export async function listAnswersAfter(
  db: Queries,
  campaignId: string,
  after: string | null,
  limit: number,
): Promise<AnswerRow[]> {
  const isAfter =
    after === null
      ? Prisma.empty
      : Prisma.sql`AND (t.created_at, t.id) > (SELECT created_at, id FROM task_completions WHERE id = ${after}::uuid)`;
  return db.$queryRaw<AnswerRow[]>`
    SELECT ${COLUMNS} ${readable(campaignId)} ${isAfter} ORDER BY t.created_at, t.id LIMIT ${limit}`;
}

/**
 * Erases up to `limit` answers that are past their retention. The completions stay. The lateral join reads
 * only the oldest rows of each campaign from the index. Returns how many were erased.
 */
export async function eraseExpiredAnswers(db: Queries, limit: number): Promise<number> {
  return db.$executeRaw`
    WITH expired AS (
      SELECT old.id FROM campaigns c CROSS JOIN LATERAL (
        SELECT t.id FROM task_completions t
         WHERE t.campaign_id = c.id AND t.details IS NOT NULL AND t.created_at <= now() - make_interval(days => c.retention_days)
         ORDER BY t.created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) old LIMIT ${limit}
    )
    UPDATE task_completions t SET details = NULL FROM expired WHERE t.id = expired.id`;
}
