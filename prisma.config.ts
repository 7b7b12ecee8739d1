import { defineConfig } from "prisma/config";

// Prisma's native schema engine is a download that isn't reachable everywhere. `generate` and `validate` don't
// need it, but look for it; pointing at a file that merely exists lets them work offline. Commands that do need
// an engine (migrate …) run through scripts/migrations.ts, which sets its own.
process.env["PRISMA_SCHEMA_ENGINE_BINARY"] ??= "/bin/false";

const url = process.env["DATABASE_URL"];

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(url === undefined ? {} : { datasource: { url } }),
});
