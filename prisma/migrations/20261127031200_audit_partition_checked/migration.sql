-- Reads all rows once, while servers go on writing. Then the table can become a partition without being read.
DO $$
DECLARE
    bound name;
BEGIN
    SELECT conname INTO STRICT bound FROM pg_constraint
     WHERE conrelid = 'agent_audit_logs'::regclass AND conname ~ '^agent_audit_logs_until_\d{4}_\d{2}$';
    EXECUTE format('ALTER TABLE agent_audit_logs VALIDATE CONSTRAINT %I', bound);
END $$;
ALTER TABLE agent_audit_logs VALIDATE CONSTRAINT agent_audit_logs_counted;
