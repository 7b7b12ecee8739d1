import { boolean, integer, nullable, text, timestamp, uuid } from "../../core/ports/sql-types.ts";
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
  row: {
    id: uuid,
    user_agent: nullable(text),
    passkey_id: nullable(uuid),
    created_at: timestamp,
    expires_at: timestamp,
  },
  text: `
    SELECT id, user_agent, passkey_id, created_at, expires_at FROM account_sessions WHERE account_id = $account_id ORDER BY created_at, id`,
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

/** Locks an account, and says whether its session is fresh. No row: the account or the session is gone. */
export const lockAccount = statement({
  name: "sign-in.lock-account",
  limit: "money",
  params: { account_id: uuid, session_id: uuid, fresh_seconds: integer },
  row: { is_fresh: boolean },
  text: `
    SELECT s.created_at > now() - make_interval(secs => $fresh_seconds) AS is_fresh
      FROM accounts a JOIN account_sessions s ON s.account_id = a.id
     WHERE a.id = $account_id AND s.id = $session_id AND s.expires_at > now() FOR UPDATE OF a`,
});

/** Deletes links and challenges that were made for an account or its address. */
export const deleteVerifications = statement({
  name: "sign-in.delete-verifications",
  limit: "money",
  params: { account_id: text, email: text },
  row: {},
  text: `
    DELETE FROM account_verifications
     WHERE lower(substring(value FROM '"email":"([^"]*)"')) = $email
        OR substring(value FROM '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}') = $account_id`,
});

/** Deletes an account. Its sessions, passwords and passkeys go with it. */
export const deleteAccount = statement({
  name: "sign-in.delete-account",
  limit: "money",
  params: { account_id: uuid },
  row: {},
  text: "DELETE FROM accounts WHERE id = $account_id",
});

export const deleteExpiredSessions = statement({
  name: "sign-in.delete-expired-sessions",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM account_sessions WHERE expires_at < now()",
});

/** Deletes links and challenges whose time is over. */
export const deleteExpiredVerifications = statement({
  name: "sign-in.delete-expired-verifications",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM account_verifications WHERE expires_at < now()",
});
