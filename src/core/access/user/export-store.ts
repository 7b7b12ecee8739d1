import { json, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** What is stored of a user, for the user's own export. */
export const exportUser = statement({
  name: "user.export",
  limit: "read",
  params: { id: uuid },
  row: {
    user_id: uuid,
    email: text,
    region: text,
    roles: texts(),
    tools_used: texts(),
    attributes: json(),
    source: text,
    created_at: timestamp,
  },
  text: `
    SELECT id AS user_id, email, region, roles, tools_used, attributes, source, created_at FROM users WHERE id = $id`,
});
