import { queryRows, runSql } from "./database.ts";

/** The name of the audit log's partition of a month: -1 for the last one. */
export async function partitionOf(url: string, month: number): Promise<string> {
  const [row] = (await queryRows(
    url,
    `SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1), '"agent_audit_logs_"YYYY_MM') AS name`,
    [month],
  )) as { name: string }[];
  return row?.name ?? "";
}

/**
 * Makes the audit log of a migrated database look as it does after months of use: a partition for each month before this
 * one, and one for all before them, each with some rows.
 */
export async function makeOldMonths(url: string, months: number, rowsOfMonth: number): Promise<void> {
  await runSql(
    url,
    `DO $$
     DECLARE
       first timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '${months} months';
       until text := (SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^agent_audit_logs_until_');
       month timestamp;
     BEGIN
       EXECUTE format('ALTER TABLE agent_audit_logs DETACH PARTITION %I', until);
       EXECUTE format('ALTER TABLE %I RENAME TO %I', until, to_char(first, '"agent_audit_logs_until_"YYYY_MM'));
       EXECUTE format('ALTER TABLE agent_audit_logs ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
                      to_char(first, '"agent_audit_logs_until_"YYYY_MM'), first AT TIME ZONE 'UTC');
       FOR month IN SELECT generate_series(first, date_trunc('month', now() AT TIME ZONE 'UTC'), interval '1 month') LOOP
         IF to_regclass(to_char(month, '"agent_audit_logs_"YYYY_MM')) IS NULL THEN
           EXECUTE format('CREATE TABLE %I PARTITION OF agent_audit_logs FOR VALUES FROM (%L) TO (%L)',
                          to_char(month, '"agent_audit_logs_"YYYY_MM'), month AT TIME ZONE 'UTC',
                          (month + interval '1 month') AT TIME ZONE 'UTC');
           EXECUTE format('CREATE TRIGGER agent_audit_logs_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                           EXECUTE FUNCTION only_grows()', to_char(month, '"agent_audit_logs_"YYYY_MM'));
         END IF;
       END LOOP;
     END $$;
     SELECT add_audit_partitions(6);
     INSERT INTO agent_audit_logs (grant_id, agent_id, surface, operation, endpoint, request_summary, response_status, error_code, created_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 'agent', 'agent_get_task', E'/agent/tasks/\\u00fc"\\\\\\n', '{"max_cost_cents": 0.10, "q": {"type": "string"}}',
            404, 'not_found', date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(months => month) + n * interval '1.000001 second'
       FROM generate_series(1, ${months + 1}) AS month, generate_series(1, ${rowsOfMonth}) AS n;`,
  );
}
