-- The audit log becomes a table partitioned by month, in four migrations, so that servers go on writing it meanwhile and none of
-- its rows is copied. The table as it is becomes the partition of all rows before a bound. First, the bound.

-- Locks a table alone, and holds up others for a second at most: waits a second, then lets them pass for a second.
CREATE FUNCTION lock_patiently(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    usual text := current_setting('lock_timeout');
    attempts integer := 0;
BEGIN
    LOOP
        BEGIN
            PERFORM set_config('lock_timeout', '1s', true);
            EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', target);
            PERFORM set_config('lock_timeout', usual, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            attempts := attempts + 1;
            IF attempts >= 150 THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_sleep(1);
    END LOOP;
END $$;

-- The bound is the start of a month at least seven days ahead: until the table is a partition, no later row can be written.
DO $$
DECLARE
    bound timestamp := date_trunc('month', now() AT TIME ZONE 'UTC' + interval '7 days') + interval '1 month';
BEGIN
    PERFORM lock_patiently('agent_audit_logs');
    -- NOT VALID: no row is read while the table is locked.
    EXECUTE format('ALTER TABLE agent_audit_logs ADD CONSTRAINT %I CHECK (created_at < %L::timestamptz) NOT VALID',
                   to_char(bound, '"agent_audit_logs_until_"YYYY_MM'), bound AT TIME ZONE 'UTC');
END $$;
