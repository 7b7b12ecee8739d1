import { integer, texts } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

const HAS_ROLE = "u.roles && $roles";
const USES_TOOL = "u.tools_used && $tools";

/** SQL that counts users, up to a limit. */
const countWhere = (condition: string): string =>
  `SELECT count(*)::integer AS users FROM (SELECT FROM users u WHERE ${condition} AND u.deleted_at IS NULL LIMIT $most) reached`;

const ROW = { users: integer };
const MOST = { most: integer };

const countAll = statement({
  name: "campaign.count-users",
  limit: "read",
  params: MOST,
  row: ROW,
  // The condition makes it read an index up to the limit.
  text: countWhere("u.created_at <= now()"),
});
const countWithRoles = statement({
  name: "campaign.count-users-with-roles",
  limit: "read",
  params: { roles: texts(), ...MOST },
  row: ROW,
  text: countWhere(HAS_ROLE),
});
const countWithTools = statement({
  name: "campaign.count-users-with-tools",
  limit: "read",
  params: { tools: texts(), ...MOST },
  row: ROW,
  text: countWhere(USES_TOOL),
});
const countWithBoth = statement({
  name: "campaign.count-users-with-both",
  limit: "read",
  params: { roles: texts(), tools: texts(), ...MOST },
  row: ROW,
  text: countWhere(`${HAS_ROLE} AND ${USES_TOOL}`),
});

/**
 * Counts the users of a target group, at most `most`. It is the rule of the view `user_offers` (`eligible`), in a form in which
 * each case has an index.
 */
export async function countUsers(
  sql: Sql,
  { roles, tools }: { roles: string[]; tools: string[] },
  most: number,
): Promise<number> {
  const count =
    roles.length > 0
      ? tools.length > 0
        ? countWithBoth.one(sql, { roles, tools, most })
        : countWithRoles.one(sql, { roles, most })
      : tools.length > 0
        ? countWithTools.one(sql, { tools, most })
        : countAll.one(sql, { most });
  return (await count).users;
}
