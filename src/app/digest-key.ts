import { acceptDigestKey, checkProof } from "../core/personal-data/encryption/index.ts";
import { AesCipher } from "../platform/cipher.ts";
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
  const sql = createSqlPool(pool, { prepare: config.databasePrepare });
  const cipher = new AesCipher(dataEncryptionKeys, digestKey);
  try {
    await explained(config, async () => {
      if ((await checkProof({ sql, cipher })) === "encryption") throw keyProblem("encryption");
      await acceptDigestKey({ sql, cipher });
    });
  } finally {
    await pool.end();
  }
}
