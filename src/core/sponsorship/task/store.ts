import { lockUser, shareUser } from "../../access/user/index.ts";
import { recordConsents } from "../../personal-data/consent/index.ts";
import type { ConsentRecord } from "../../personal-data/consent/index.ts";
import type { Sources } from "../../personal-data/vault/index.ts";
import type { Queries } from "../../ports/database.ts";
import { bytes, integer, json, nullable, oneOf, text, texts, uuid } from "../../ports/sql-types.ts";
import type { SqlPool } from "../../ports/sql.ts";
import type { Values } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { MOST_REJECTIONS } from "./review.ts";

/** SQL: one more rejected answer of the user is their last. It stands then, so the user can't answer anew. */
const IS_LAST_TRY = `(SELECT count(*) >= ${MOST_REJECTIONS - 1} FROM task_completions
                  WHERE campaign_id = $campaign_id AND user_id = $user_id AND rejected_at IS NOT NULL)`;

/** Stores a completion, unless its session has ended, or a completion of this user already stands. */
const insert = statement({
  name: "task.insert-completion",
  limit: "money",
  params: {
    id: uuid,
    campaign_id: uuid,
    user_id: uuid,
    task_name: text,
    /** The answers, encrypted. Null if the campaign's rule rejects them: then they aren't stored. */
    details: nullable(bytes),
    data_types: texts<DataType>(),
    sources: json<Sources>(),
    execution_mode: oneOf("agent", "human"),
    /** Null: the user answered by themselves. */
    session_id: nullable(uuid),
    /** What the campaign's rule says of the answers. Null: it has none. */
    by_rule: nullable(oneOf("accept", "reject")),
  },
  row: {},
  text: `
    INSERT INTO task_completions (id, campaign_id, user_id, task_name, details, data_types, sources, execution_mode, agent_session_id,
                                  held_until, ask_verdict_at, accepted_at, rejected_at, judged_via, reject_reason, withdrawn_at)
    SELECT $id, $campaign_id, $user_id, $task_name, $details, $data_types, $sources, $execution_mode, $session_id,
           CASE WHEN $by_rule IS NULL THEN now() + make_interval(secs => c.holdback_seconds) END,
           CASE WHEN $by_rule IS NULL AND c.holdback = 'webhook' THEN now() END,
           CASE $by_rule WHEN 'accept' THEN now() END, CASE $by_rule WHEN 'reject' THEN now() END,
           CASE WHEN $by_rule IS NOT NULL THEN 'rule' END, CASE $by_rule WHEN 'reject' THEN 'rule' END,
           CASE WHEN $by_rule = 'reject' AND NOT ${IS_LAST_TRY} THEN now() END
      FROM campaigns c
     WHERE c.id = $campaign_id AND ($session_id IS NULL OR EXISTS (SELECT FROM live_sessions WHERE id = $session_id))
       AND ($by_rule IS DISTINCT FROM 'reject' OR NOT EXISTS (
         SELECT FROM task_completions WHERE campaign_id = $campaign_id AND user_id = $user_id AND withdrawn_at IS NULL))
    ON CONFLICT (campaign_id, user_id) WHERE withdrawn_at IS NULL DO NOTHING`,
});

/** Accepted answers, to be stored as a completion. */
export type NewCompletion = Values<typeof insert.params>;

/**
 * Stores answers together with their consents. Stores nothing if the session or its user is gone, or if a completion
 * of this user already stands. Returns whether they were stored. Answers that the campaign's rule rejects are counted, without
 * their content and without consents: nothing of them reaches the sponsor. They are counted one after the other.
 *
 * Both become visible at once, when the transaction commits. So a withdrawal, which starts from a consent, finds
 * the completion and all of its consents, or nothing.
 */
export const insertCompletion = (
  sql: SqlPool,
  completion: NewCompletion,
  consents: ConsentRecord[],
): Promise<boolean> =>
  sql.transaction(async (tx) => {
    const isRejected = completion.by_rule === "reject";
    const user = await (isRejected ? lockUser : shareUser).first(tx, { id: completion.user_id });
    if (user === undefined) return false;
    if ((await insert.count(tx, completion)) === 0) return false;
    if (isRejected) return true;
    const { id, campaign_id, user_id, session_id, execution_mode: granted_via } = completion;
    await recordConsents.count(tx, {
      ...{ completion_id: id, campaign_id, user_id, session_id, granted_via, consents },
    });
    return true;
  });

/**
 * Erases answers that are past their retention, up to `most`. The completions stay. The lateral join reads only the
 * oldest rows of each campaign from the index.
 */
export const eraseExpiredAnswers = statement({
  name: "task.erase-expired-answers",
  limit: "job",
  params: { most: integer },
  row: {},
  text: `
    WITH expired AS (
      SELECT old.id FROM campaigns c CROSS JOIN LATERAL (
        SELECT t.id FROM task_completions t
         WHERE t.campaign_id = c.id AND t.details IS NOT NULL AND t.created_at <= now() - make_interval(days => c.retention_days)
         ORDER BY t.created_at LIMIT $most FOR UPDATE SKIP LOCKED
      ) old LIMIT $most
    )
    UPDATE task_completions t SET details = NULL FROM expired WHERE t.id = expired.id`,
});

/** When a completion was accepted. Undefined without one. */
export async function findCompletedAt(db: Queries, completionId: string | null): Promise<Date | undefined> {
  if (completionId === null) return undefined;
  const completion = await db.taskCompletion.findUnique({
    where: { id: completionId },
    select: { createdAt: true },
  });
  return completion?.createdAt;
}

/** Lists the services that a campaign would pay for right now, cheapest first. */
export async function listPayableServices(db: Queries, campaignId: string, userId: string) {
  const payers = await db.servicePayer.findMany({
    where: { campaignId, userId, active: true, coversPrice: true, hasMoney: true, hasCallsLeft: true },
    select: { api: { select: { serviceKey: true, categories: true } } },
    orderBy: [{ api: { priceMicros: "asc" } }, { api: { serviceKey: "asc" } }],
  });
  return payers.map(({ api }) => api);
}

/** The input schemas of a few services, by service key. A schema can have 64 KiB, and a campaign 50 services. */
export async function findInputSchemas(db: Queries, serviceKeys: string[]): Promise<Map<string, unknown>> {
  const services = await db.sponsoredApi.findMany({
    where: { serviceKey: { in: serviceKeys } },
    select: { serviceKey: true, inputSchema: true },
  });
  return new Map(services.map(({ serviceKey, inputSchema }) => [serviceKey, inputSchema]));
}
