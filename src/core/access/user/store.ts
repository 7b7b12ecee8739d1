import type { Queries } from "../../ports/database.ts";
import { json, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Inserts a user, unless the e-mail address is taken. Upper and lower case count as equal. */
export const insertUser = statement({
  name: "user.insert",
  limit: "money",
  params: { id: uuid, email: text, region: text, roles: texts(), tools_used: texts(), attributes: json() },
  row: {},
  text: `
    INSERT INTO users (id, email, region, roles, tools_used, attributes, source)
    VALUES ($id, $email, $region, $roles, $tools_used, $attributes, 'admin')
    ON CONFLICT (lower(email)) DO NOTHING`,
});

export async function userExists(db: Queries, id: string): Promise<boolean> {
  return (await db.user.count({ where: { id } })) === 1;
}
