import type { Prisma, PrismaClient } from "../../platform/generated/prisma/client.ts";

/** The database client. Only `store.ts` and `…-store.ts` files run queries. */
export type Database = PrismaClient;

/** What stores read with. */
export type Queries = Prisma.TransactionClient;
