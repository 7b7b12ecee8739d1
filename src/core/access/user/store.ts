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

/**
 * Makes an account the one that a user signs in with: that of the user with this e-mail address, or of a new one. Returns
 * no row where that user has an account already, or the account was deleted at this moment.
 */
export const linkUser = statement({
  name: "user.link",
  limit: "money",
  params: { email: text, account_id: uuid },
  row: { id: uuid },
  text: `
    INSERT INTO users (email, region, roles, tools_used, source, account_id)
    SELECT $email, '', '{}', '{}', 'web', a.id FROM accounts a WHERE a.id = $account_id FOR KEY SHARE
    ON CONFLICT (lower(email)) DO UPDATE SET account_id = excluded.account_id WHERE users.account_id IS NULL
    RETURNING id`,
});

/** Locks a user, so that what is counted for them is counted by one call at a time. No row for a deleted user. */
export const lockUser = statement({
  name: "user.lock",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM users WHERE id = $id AND deleted_at IS NULL FOR NO KEY UPDATE",
});

/** The user who signs in with an account. */
export async function findUserOfAccount(db: Queries, accountId: string): Promise<string | undefined> {
  return (await db.user.findUnique({ where: { accountId }, select: { id: true } }))?.id;
}

export const updateRegion = statement({
  name: "user.set-region",
  limit: "money",
  params: { id: uuid, region: text },
  row: {},
  text: "UPDATE users SET region = $region WHERE id = $id AND deleted_at IS NULL",
});

export async function userExists(db: Queries, id: string): Promise<boolean> {
  return (await db.user.count({ where: { id, deletedAt: null } })) === 1;
}

/** The region where a user lives, as it was written at the registration. */
export const findRegion = statement({
  name: "user.find-region",
  limit: "read",
  params: { id: uuid },
  row: { region: text },
  text: "SELECT region FROM users WHERE id = $id",
});

/** One page of users, newest first, with the agents that may act for them; and how many there are in all. */
export function searchUsers(
  db: Queries,
  q: string | undefined,
  { offset, limit }: { offset: number; limit: number },
) {
  const where = {
    email: q === undefined ? { not: null } : { contains: q, mode: "insensitive" as const },
  };
  return Promise.all([
    db.user.findMany({
      where,
      include: {
        liveGrants: {
          select: { grant: { select: { id: true } }, agent: { select: { id: true, name: true } } },
        },
      },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      skip: offset,
      take: limit,
    }),
    db.user.count({ where }),
  ]);
}
