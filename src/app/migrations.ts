import { fileURLToPath } from "node:url";

/** The folder of migrations. Not `URL.pathname`, in which a blank is encoded. */
export const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
