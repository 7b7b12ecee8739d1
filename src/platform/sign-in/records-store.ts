import { boolean, nullable, text, timestamp, uuid } from "../../core/ports/sql-types.ts";
import { statement } from "../../core/ports/statement.ts";

/** What is stored of an account, for its owner. No statement here reads a password, a token or a key. */
export const readAccount = statement({
  name: "sign-in.read-account",
  limit: "read",
  params: { id: uuid },
  row: { account_id: uuid, email: text, email_verified: boolean, name: text, created_at: timestamp },
  text: "SELECT id AS account_id, email, email_verified, name, created_at FROM accounts WHERE id = $id",
});

export const readSessions = statement({
  name: "sign-in.read-sessions",
  limit: "read",
  params: { account_id: uuid },
  row: { id: uuid, user_agent: nullable(text), created_at: timestamp, expires_at: timestamp },
  text: `
    SELECT id, user_agent, created_at, expires_at FROM account_sessions WHERE account_id = $account_id ORDER BY created_at, id`,
});

export const readLogins = statement({
  name: "sign-in.read-logins",
  limit: "read",
  params: { account_id: uuid },
  row: {
    id: uuid,
    provider: text,
    has_password: boolean,
    created_at: timestamp,
    updated_at: timestamp,
  },
  text: `
    SELECT id, provider_id AS provider, password IS NOT NULL AS has_password, created_at, updated_at
      FROM account_logins WHERE account_id = $account_id ORDER BY created_at, id`,
});

export const readPasskeys = statement({
  name: "sign-in.read-passkeys",
  limit: "read",
  params: { account_id: uuid },
  row: {
    id: uuid,
    name: nullable(text),
    device_type: text,
    backed_up: boolean,
    created_at: nullable(timestamp),
  },
  text: `
    SELECT id, name, device_type, backed_up, created_at
      FROM account_passkeys WHERE account_id = $account_id ORDER BY created_at, id`,
});
