import type { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** Inserts a user. Returns false if the e-mail address is taken. Upper and lower case count as equal. */
export async function insertUser(
  db: Queries,
  user: {
    id: string;
    email: string;
    region: string;
    roles: string[];
    toolsUsed: string[];
    attributes: Record<string, unknown>;
  },
): Promise<boolean> {
  const inserted = await db.$executeRaw`
    INSERT INTO users (id, email, region, roles, tools_used, attributes, source)
    VALUES (${user.id}::uuid, ${user.email}, ${user.region}, ${user.roles}, ${user.toolsUsed}, ${user.attributes as Prisma.JsonObject}, 'admin')
    ON CONFLICT (lower(email)) DO NOTHING`;
  return inserted === 1;
}

export async function userExists(db: Queries, id: string): Promise<boolean> {
  return (await db.user.count({ where: { id } })) === 1;
}
