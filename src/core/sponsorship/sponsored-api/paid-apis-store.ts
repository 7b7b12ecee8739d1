import type { Database, Queries } from "../../ports/database.ts";
import type { ApiRow } from "./store.ts";

/** Active services that cost something, and that have each of these words somewhere in their texts. */
const paid = (words: string[]) => ({
  active: true,
  payTo: { not: null },
  AND: words.map((word) => {
    const contains = { contains: escapeLike(word), mode: "insensitive" as const };
    const has = { hasSome: [word, word.toLowerCase()] };
    return {
      OR: [
        { name: contains },
        { serviceKey: contains },
        { description: contains },
        { tags: has },
        { categories: has },
      ],
    };
  }),
});

/** Prisma passes these characters on to `LIKE`, where they have a meaning. */
const escapeLike = (word: string): string => word.replace(/[\\%_]/g, "\\$&");

/** The most words that a search for paid services looks for. */
const MOST_WORDS = 10;

/**
 * Lists active services that cost something, oldest first, and counts them. Anybody may ask, and no index helps to find parts
 * of words: so PostgreSQL cancels each query that takes more than a second (57014).
 */
export async function listPaidApis(
  db: Database,
  offset: number,
  limit: number,
  words: string[],
): Promise<{ apis: ApiRow[]; total: number }> {
  const where = paid(words.slice(0, MOST_WORDS));
  const [, apis, total] = await db.$transaction([
    db.$executeRaw`SET LOCAL statement_timeout = '1s'`,
    db.sponsoredApi.findMany({
      where,
      omit: { searchText: true },
      orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      skip: offset,
      take: limit,
    }),
    db.sponsoredApi.count({ where }),
  ]);
  return { apis, total };
}

/** Lists the keys of active services that cost something, oldest first. */
export async function listPaidKeys(db: Queries, limit: number): Promise<string[]> {
  const rows = await db.sponsoredApi.findMany({
    where: paid([]),
    select: { serviceKey: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: limit,
  });
  return rows.map(({ serviceKey }) => serviceKey);
}
