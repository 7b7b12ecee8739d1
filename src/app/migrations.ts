import { createRequire } from "node:module";
import path from "node:path";

/** The folder of migrations. It is found from package.json, since the compiled servers lie elsewhere than the sources. */
export const MIGRATIONS = path.join(
  path.dirname(createRequire(import.meta.url).resolve("tollfree/package.json")),
  "prisma/migrations",
);
