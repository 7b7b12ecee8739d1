-- A partitioned table's key has the column that it is partitioned by. CONCURRENTLY: servers go on writing, which is why this
-- statement is alone in its migration. If it fails, drop the index that it leaves before the migration is tried again.
CREATE UNIQUE INDEX CONCURRENTLY "agent_audit_logs_id_created_at_key" ON "agent_audit_logs" ("id", "created_at");
