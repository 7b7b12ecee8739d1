import { z } from "zod";
import { ConfigError, mistakesIn } from "./config-error.ts";
import { LogLevel, whole } from "./config-fields.ts";
import { databaseUrlOf, DatabaseVariables } from "./database-variables.ts";
import { listSecrets } from "./secrets.ts";

/** What the owner's commands need, such as `--migrate`. The job that runs them gets no keys and knows no chain. */
export interface OwnerConfig {
  databaseUrl: string | undefined;
  logLevel: z.infer<typeof LogLevel>;
  /** How many whole months of the audit log stay in the database. Undefined: all. */
  auditRetentionMonths: number | undefined;
  /** Where archives of the audit log are kept. */
  auditArchiveDir: string | undefined;
  /** The values that no line of output may show. */
  secrets: string[];
}

const OwnerVariables = z.object({
  ...DatabaseVariables,
  LOG_LEVEL: LogLevel,
  AUDIT_RETENTION_MONTHS: whole(1_200).pipe(z.number().min(1)).optional(),
  AUDIT_ARCHIVE_DIR: z.string().min(1).optional(),
});

/** @throws ConfigError listing every mistake */
export function parseOwnerConfig(variables: NodeJS.ProcessEnv): OwnerConfig {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const { data: env, error } = OwnerVariables.safeParse(given);
  if (env === undefined) throw new ConfigError(mistakesIn(error));
  return {
    databaseUrl: databaseUrlOf(env),
    logLevel: env.LOG_LEVEL,
    auditRetentionMonths: env.AUDIT_RETENTION_MONTHS,
    auditArchiveDir: env.AUDIT_ARCHIVE_DIR,
    secrets: listSecrets(given),
  };
}
