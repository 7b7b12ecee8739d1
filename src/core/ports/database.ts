import type { Prisma, PrismaClient } from "../../platform/generated/prisma/client.ts";

/** The database client. Only `store.ts` files run queries. Other files may open a transaction over stores. */
export type Database = PrismaClient;

/** The database client or an open transaction. Store functions take this type, so they work in both. */
export type Queries = Prisma.TransactionClient;
