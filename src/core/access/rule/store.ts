import type { Queries } from "../../ports/database.ts";
import { bigint, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The user's live grant, which is locked so that a call at this moment sees the rules before or after, and never between. */
export const lockOwnGrant = statement({
  name: "rule.lock-grant",
  limit: "money",
  params: { id: uuid, user_id: uuid },
  row: { id: uuid, expires_at: timestamp },
  text: `
    SELECT id, expires_at FROM grants
     WHERE id = $id AND user_id = $user_id AND revoked_at IS NULL AND expires_at > now() FOR NO KEY UPDATE`,
});

/** The service and the grant of a call above a limit that the user said yes to. */
export const findAllowedCall = statement({
  name: "rule.find-allowed-call",
  limit: "read",
  params: { id: uuid, user_id: uuid },
  row: { grant_id: uuid, service: text },
  text: `
    SELECT grant_id, requested->>'service_key' AS service FROM approvals
     WHERE id = $id AND user_id = $user_id AND status = 'approved' AND kind IN ('budget', 'combined') AND grant_id IS NOT NULL
       AND requested->>'service_key' IS NOT NULL AND (requested->>'above_rule')::boolean`,
});

export const endAskAbove = statement({
  name: "rule.end-ask-above",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: "UPDATE grant_rules SET ended_at = now() WHERE grant_id = $grant_id AND kind = 'ask_above' AND ended_at IS NULL",
});

export const insertAskAbove = statement({
  name: "rule.insert-ask-above",
  limit: "money",
  params: { grant_id: uuid, amount_micros: bigint },
  row: { id: uuid },
  text: `
    INSERT INTO grant_rules (grant_id, kind, amount_micros) VALUES ($grant_id, 'ask_above', $amount_micros) RETURNING id`,
});

export const endDontAsk = statement({
  name: "rule.end-dont-ask",
  limit: "money",
  params: { grant_id: uuid, service: text },
  row: {},
  text: `
    UPDATE grant_rules SET ended_at = now()
     WHERE grant_id = $grant_id AND kind = 'dont_ask' AND service = $service AND ended_at IS NULL`,
});

export const insertDontAsk = statement({
  name: "rule.insert-dont-ask",
  limit: "money",
  params: { grant_id: uuid, service: text, amount_micros: bigint, expires_at: timestamp },
  row: { id: uuid },
  text: `
    INSERT INTO grant_rules (grant_id, kind, service, amount_micros, expires_at)
    VALUES ($grant_id, 'dont_ask', $service, $amount_micros, $expires_at) RETURNING id`,
});

export const findGrantOfRule = statement({
  name: "rule.find-grant",
  limit: "read",
  params: { id: uuid, user_id: uuid },
  row: { grant_id: uuid },
  text: `
    SELECT r.grant_id FROM grant_rules r JOIN grants g ON g.id = r.grant_id
     WHERE r.id = $id AND g.user_id = $user_id AND r.ended_at IS NULL`,
});

export const endRuleById = statement({
  name: "rule.end",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: "UPDATE grant_rules SET ended_at = now() WHERE id = $id AND ended_at IS NULL",
});

/** Ends what the user needn't be asked about: it was allowed under the grant's old terms. */
export const endExemptions = statement({
  name: "rule.end-exemptions",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: "UPDATE grant_rules SET ended_at = now() WHERE grant_id = $grant_id AND kind = 'dont_ask' AND ended_at IS NULL",
});

/** What sponsors call these services now, by their keys. */
export async function serviceNames(db: Queries, keys: string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await db.sponsoredApi.findMany({
    where: { serviceKey: { in: keys } },
    select: { serviceKey: true, name: true },
  });
  return new Map(rows.map(({ serviceKey, name }) => [serviceKey, name]));
}

/** The rules of these grants that hold, the oldest first. */
export const listRules = (db: Queries, grantIds: string[]) =>
  db.liveRule.findMany({
    where: { grantId: { in: grantIds } },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
