import type { Queries } from "../../ports/database.ts";
import { integer, json } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { Finding } from "./checks.ts";

/** Findings that are kept. Their number is, too. */
const MOST_FINDINGS = 100;

/** Keeps what the last comparison found, in place of the one before. */
const writeProof = statement({
  name: "ledger.write-proof",
  limit: "job",
  params: { findings: json<Finding[]>(), total: integer },
  row: {},
  text: `
    INSERT INTO ledger_proofs (findings, total) VALUES ($findings, $total)
    ON CONFLICT (id) DO UPDATE SET proved_at = now(), findings = excluded.findings, total = excluded.total`,
});

export const keepFindings = (sql: Parameters<typeof writeProof.count>[0], findings: Finding[]) =>
  writeProof.count(sql, { findings: findings.slice(0, MOST_FINDINGS), total: findings.length });

/** What the last comparison found. Undefined: there was none yet. */
export async function readLastFindings(
  db: Queries,
): Promise<{ provedAt: Date; findings: Finding[]; total: number } | undefined> {
  const row = await db.ledgerProof.findFirst();
  return row === null ? undefined : { ...row, findings: row.findings as unknown as Finding[] };
}
