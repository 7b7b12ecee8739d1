import { acceptDigestKey, checkProof } from "../core/personal-data/encryption/index.ts";
import { AesCipher } from "../platform/cipher.ts";
import { createDatabaseClient } from "../platform/postgres/client.ts";
import { createPool } from "../platform/postgres/pool.ts";
import { createSqlPool } from "../platform/postgres/sql-pool.ts";
import type { Config } from "./config.ts";
import { explained } from "./explain.ts";
import { keyProblem } from "./key-problem.ts";

/**
 * Makes the configured digest key the one of the configured database, after it was changed on purpose.
 * @throws SetupProblem if the encryption key isn't the one of this database
 */
export async function acceptNewDigestKey(config: Config): Promise<void> {
  const { databaseUrl, dataEncryptionKeys, digestKey } = config;
  if (databaseUrl === undefined || dataEncryptionKeys === undefined)
    throw new Error("--accept-digest-key needs DATABASE_URL and DATA_ENCRYPTION_KEY");
  const pool = createPool({ url: databaseUrl });
  const prepare = config.databasePrepare;
  const db = createDatabaseClient(pool, { prepare });
  const cipher = new AesCipher(dataEncryptionKeys, digestKey);
  try {
    await explained(config, async () => {
      if ((await checkProof({ db, cipher })) === "encryption") throw keyProblem("encryption");
      await acceptDigestKey({ sql: createSqlPool(pool, { prepare }), cipher });
    });
  } finally {
    await db.$disconnect();
    await pool.end();
  }
}
