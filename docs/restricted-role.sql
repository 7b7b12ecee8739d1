-- Lets a server work with the data and nothing else: no DDL, and no rewriting of what was recorded. Run it as the owner
-- of the tables, after the first migration and again after each upgrade; running it twice changes nothing.
-- server-role.sql creates the role.
--
--   psql "$OWNER_DATABASE_URL" --set=ON_ERROR_STOP=1 --file=docs/restricted-role.sql

GRANT USAGE ON SCHEMA public TO tollfree_app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO tollfree_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tollfree_app;

-- What comes and goes.
GRANT DELETE ON rate_limits, rate_limit_counters, idempotency_keys, session_violations, campaign_services, vault_items,
  idempotent_creations TO tollfree_app;
GRANT DELETE ON offers, search_terms TO tollfree_app;
GRANT DELETE ON user_task_preferences TO tollfree_app;
GRANT DELETE ON accounts, account_sessions, account_logins, account_verifications, account_passkeys TO tollfree_app;
GRANT DELETE ON notices, oauth_records TO tollfree_app;
GRANT DELETE ON webhook_endpoints, webhook_deliveries TO tollfree_app;
GRANT DELETE ON sponsor_members, sponsor_invitations TO tollfree_app;
GRANT DELETE ON verdict_secrets TO tollfree_app;

-- What only grows.
REVOKE UPDATE ON agent_audit_logs, payment_events, incoming_payment_events, payout_events, credits, ledger_transfers, ledger_accounts FROM tollfree_app;
REVOKE UPDATE ON sponsor_audit_logs FROM tollfree_app;
REVOKE UPDATE ON operator_audit_logs FROM tollfree_app;
-- A server names the network of what was booked before there could be a second one.
GRANT UPDATE (network, asset) ON ledger_accounts TO tollfree_app;
REVOKE INSERT, UPDATE ON _prisma_migrations FROM tollfree_app;

-- The audit log is written by the partitioned table, never a partition itself. Only the owner archives.
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'agent_audit_logs'::regclass LOOP
        EXECUTE format('REVOKE INSERT, UPDATE ON %s FROM tollfree_app', partition);
    END LOOP;
END $$;
