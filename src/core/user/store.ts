import type { Prisma } from "../../platform/generated/prisma/client.ts";
import type { Queries } from "../ports.ts";

/** Inserts a user. Returns undefined where the e-mail address is taken, whatever its case. */
export async function insertUser(
  db: Queries,
  user: {
    email: string;
    region: string;
    roles: string[];
    toolsUsed: string[];
    attributes: Record<string, unknown>;
  },
): Promise<{ id: string } | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO users (email, region, roles, tools_used, attributes, source)
    VALUES (${user.email}, ${user.region}, ${user.roles}, ${user.toolsUsed}, ${user.attributes as Prisma.JsonObject}, 'admin')
    ON CONFLICT (lower(email)) DO NOTHING
    RETURNING id`;
  return rows[0];
}

export async function userExists(db: Queries, id: string): Promise<boolean> {
  return (await db.user.count({ where: { id } })) === 1;
}
