import type { ArchiveStep } from "../platform/audit-archive/archive-partitions.ts";
import { archivePartitions } from "../platform/audit-archive/archive-partitions.ts";
import { SetupProblem } from "../platform/setup-problem.ts";
import { explained } from "./explain.ts";
import type { OwnerConfig } from "./owner-config.ts";

/**
 * Archives the months of the audit log that are older than the retention, and adds the next partitions. Prints each step.
 * @param apply false: changes nothing, and prints what would be archived
 * @throws SetupProblem that says what to change; Error if an archive doesn't match its table
 */
export async function archiveAudit(
  { databaseUrl, auditRetentionMonths: retentionMonths, auditArchiveDir }: OwnerConfig,
  { apply, print }: { apply: boolean; print: (line: string) => void },
): Promise<void> {
  if (databaseUrl === undefined) throw new Error("--archive-audit needs DATABASE_URL");
  if (apply && auditArchiveDir === undefined)
    throw new SetupProblem("AUDIT_ARCHIVE_DIR", "is unset", "Name the directory that keeps the archives");
  let archived = 0;
  await explained({ databaseUrl }, () =>
    archivePartitions({
      connectionString: databaseUrl,
      retentionMonths,
      directory: apply ? auditArchiveDir : undefined,
      onStep(step) {
        if (step.kind !== "added") archived += 1;
        print(describeStep(step));
      },
    }),
  );
  if (retentionMonths === undefined) print("AUDIT_RETENTION_MONTHS is unset: all months are kept.");
  else if (archived === 0) print(`No month is older than ${retentionMonths} months.`);
  if (!apply) print("Nothing was changed. With --apply, it is done.");
}

function describeStep(step: ArchiveStep): string {
  switch (step.kind) {
    case "added":
      return `added     ${step.partition}`;
    case "due": {
      const { name, from, to, rows, attached } = step.table;
      const state = attached ? "" : ", detached by an interrupted run";
      return `due       ${name}: ${rows} rows ${from === undefined ? "" : `from ${from} `}until ${to}${state}`;
    }
    case "archived": {
      const { partition, rows, file, bytes, sha256 } = step.manifest;
      return `archived  ${partition}: ${rows} rows in ${file}, ${bytes} bytes, SHA-256 ${sha256}`;
    }
  }
}
