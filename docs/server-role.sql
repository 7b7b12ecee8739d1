-- Creates the servers' role, or gives it a new password: that in the variable TOLLFREE_APP_PASSWORD. Run it with psql as
-- the owner of the tables, then run restricted-role.sql for the role's rights.
--
--   export TOLLFREE_APP_PASSWORD
--   psql "$OWNER_DATABASE_URL" --set=ON_ERROR_STOP=1 --file=docs/server-role.sql

\getenv password TOLLFREE_APP_PASSWORD
SELECT 'CREATE ROLE tollfree_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tollfree_app') \gexec
ALTER ROLE tollfree_app PASSWORD :'password';
