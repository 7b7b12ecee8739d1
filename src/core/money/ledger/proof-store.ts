import { integer, json, timestamp } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
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

export const keepFindings = (sql: Sql, findings: Finding[]): Promise<number> =>
  writeProof.count(sql, { findings: findings.slice(0, MOST_FINDINGS), total: findings.length });

const readProof = statement({
  name: "ledger.read-proof",
  limit: "read",
  params: {},
  row: { proved_at: timestamp, findings: json<Finding[]>(), total: integer },
  text: "SELECT proved_at, findings, total FROM ledger_proofs WHERE id",
});

/** What the last comparison found. Undefined: there was none yet. */
export const readLastFindings = (sql: Sql): Promise<RowOf<typeof readProof> | undefined> =>
  readProof.first(sql, {});
