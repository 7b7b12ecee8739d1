-- The audit log, partitioned by month (UTC). Its partitions are named after their months: `agent_audit_logs_2027_01`. The table
-- as it was is the partition of everything before a month, `agent_audit_logs_until_2027_01`. `agent_audit_logs_default` takes
-- rows of months that have no partition, so that no insert fails.

-- Creates the partitions of this month and of the next ones, where there are none, and moves rows of the default partition to
-- where they belong. Only the tables' owner can. Returns the names of new partitions.
CREATE FUNCTION add_audit_partitions(months integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    covered_until timestamp;
    wanted timestamp[];
    month timestamp;
    partition text;
BEGIN
    -- Several servers may start at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('add_audit_partitions', 0));
    SELECT max(to_date(right(c.relname, 7), 'YYYY_MM')) INTO covered_until
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'agent_audit_logs'::regclass AND c.relname ~ '^agent_audit_logs_until_\d{4}_\d{2}$';
    wanted := ARRAY(
        SELECT generate_series(this_month, this_month + make_interval(months => months), interval '1 month')
        UNION
        SELECT date_trunc('month', created_at AT TIME ZONE 'UTC') FROM agent_audit_logs_default
        ORDER BY 1
    );
    FOREACH month IN ARRAY wanted LOOP
        partition := to_char(month, '"agent_audit_logs_"YYYY_MM');
        -- A table of this name that isn't a partition is one whose archiving was interrupted.
        CONTINUE WHEN month < covered_until OR to_regclass(partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE agent_audit_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        -- Attaching locks the default partition too, and looks for rows of this month in it.
        PERFORM lock_patiently('agent_audit_logs_default');
        ALTER TABLE agent_audit_logs_default DISABLE TRIGGER agent_audit_logs_only_grows;
        EXECUTE format('WITH moved AS (DELETE FROM agent_audit_logs_default WHERE created_at >= %L AND created_at < %L RETURNING *)
                        INSERT INTO %I SELECT * FROM moved',
                       month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC', partition);
        ALTER TABLE agent_audit_logs_default ENABLE TRIGGER agent_audit_logs_only_grows;
        EXECUTE format('ALTER TABLE agent_audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
                       month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TRIGGER agent_audit_logs_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                        EXECUTE FUNCTION only_grows()', partition);
        RETURN NEXT partition;
    END LOOP;
END $$;

DO $$
DECLARE
    old name;
    bound timestamp;
    held record;
BEGIN
    SELECT conname INTO STRICT old FROM pg_constraint
     WHERE conrelid = 'agent_audit_logs'::regclass AND conname ~ '^agent_audit_logs_until_\d{4}_\d{2}$';
    bound := to_date(right(old, 7), 'YYYY_MM');
    -- From here on nothing reads or writes a row, so servers wait for milliseconds.
    PERFORM lock_patiently('agent_audit_logs');
    ALTER TABLE agent_audit_logs DROP CONSTRAINT agent_audit_logs_pkey;
    EXECUTE format('ALTER TABLE agent_audit_logs ADD CONSTRAINT %I PRIMARY KEY USING INDEX agent_audit_logs_id_created_at_key',
                   old || '_pkey');
    EXECUTE format('ALTER INDEX agent_audit_logs_grant_id_created_at_idx RENAME TO %I', old || '_grant_id_created_at_idx');
    EXECUTE format('ALTER TABLE agent_audit_logs RENAME TO %I', old);

    EXECUTE format('CREATE TABLE agent_audit_logs (LIKE %I INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)', old);
    ALTER TABLE agent_audit_logs
        ADD CONSTRAINT agent_audit_logs_pkey PRIMARY KEY (id, created_at),
        ADD CONSTRAINT agent_audit_logs_counted CHECK (
            CASE WHEN client IS NULL THEN calls = 1 AND counted_since IS NULL
                 ELSE calls > 0 AND counted_since IS NOT NULL AND agent_id IS NULL AND agent_session_id IS NULL END
        );
    CREATE INDEX agent_audit_logs_grant_id_created_at_idx ON agent_audit_logs (grant_id, created_at);
    CREATE TRIGGER agent_audit_logs_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_audit_logs
        EXECUTE FUNCTION only_grows();
    EXECUTE format('ALTER TABLE agent_audit_logs ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', old,
                   bound AT TIME ZONE 'UTC');
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', old, old);
    CREATE TABLE agent_audit_logs_default PARTITION OF agent_audit_logs DEFAULT;
    CREATE TRIGGER agent_audit_logs_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_audit_logs_default
        EXECUTE FUNCTION only_grows();

    -- Servers keep the rights that they have. They write by the partitioned table, never a partition itself.
    FOR held IN
        SELECT privilege_type AS privilege,
               CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee
          FROM pg_class, aclexplode(relacl)
         WHERE pg_class.oid = to_regclass(quote_ident(old)) AND grantee <> relowner
    LOOP
        EXECUTE format('GRANT %s ON agent_audit_logs TO %s', held.privilege, held.grantee);
        IF held.privilege <> 'SELECT' THEN
            EXECUTE format('REVOKE %s ON %I FROM %s', held.privilege, old, held.grantee);
        END IF;
    END LOOP;
END $$;

SELECT add_audit_partitions(6);
