import type { Prisma, PrismaClient } from "../../platform/generated/prisma/client.ts";

/** The database. Only `store.ts` files query it; verbs may open a transaction over several stores. */
export type Database = PrismaClient;

/** The database, or a transaction on it: what a store needs. */
export type Queries = Prisma.TransactionClient;
