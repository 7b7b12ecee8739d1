import { bigint, boolean, integer, nullable, text, timestamp, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The account of an address, if its owner has proven it. */
export const findAccount = statement({
  name: "operator.find-account",
  limit: "read",
  params: { email: text },
  row: { account_id: uuid, email: text },
  text: "SELECT account_id, email FROM proven_addresses WHERE email = $email",
});

/** Adds an operator. One who is there already gets these passkeys, and stays otherwise as it is. */
export const putOperator = statement({
  name: "operator.put",
  limit: "money",
  params: { account_id: uuid, passkey_ids: uuids, added_by: text },
  row: { id: uuid, added_by: text, added_at: timestamp },
  text: `
    INSERT INTO operators (account_id, passkey_ids, added_by) VALUES ($account_id, $passkey_ids, $added_by)
    ON CONFLICT (account_id) WHERE removed_at IS NULL DO UPDATE SET passkey_ids = excluded.passkey_ids
    RETURNING id, added_by, added_at`,
});

/** Removes an operator, once. No row: there is no such operator. */
export const markRemoved = statement({
  name: "operator.remove",
  limit: "money",
  params: { id: uuid },
  row: { removed_at: timestamp },
  text: "UPDATE operators SET removed_at = coalesce(removed_at, now()) WHERE id = $id RETURNING removed_at",
});

/** Operators, the newest first, with their present addresses, and how many there are in all. */
export const listRows = statement({
  name: "operator.list",
  limit: "read",
  params: { offset: integer, limit: integer },
  row: {
    id: uuid,
    email: nullable(text),
    passkeys: integer,
    added_by: text,
    added_at: timestamp,
    removed_at: nullable(timestamp),
    total: bigint,
  },
  text: `
    SELECT o.id, p.email, cardinality(o.passkey_ids) AS passkeys, o.added_by, o.added_at, o.removed_at,
           (SELECT count(*) FROM operators) AS total
      FROM (SELECT * FROM operators ORDER BY added_at DESC, id DESC OFFSET $offset LIMIT $limit) o
      LEFT JOIN proven_addresses p ON p.account_id = o.account_id
     ORDER BY o.added_at DESC, o.id DESC`,
});

/**
 * The operator that an account is, and whether its sign-in was made with one of the operator's passkeys, at most so long ago. No row: it
 * is none.
 */
export const findOperator = statement({
  name: "operator.find",
  limit: "read",
  params: { account_id: uuid, session_id: uuid, passkey_seconds: integer },
  row: { id: uuid, by_passkey: boolean },
  text: `
    SELECT o.id, EXISTS (SELECT FROM passkey_sign_ins s
                          WHERE s.session_id = $session_id AND s.account_id = o.account_id AND s.passkey_id = ANY (o.passkey_ids)
                            AND s.age_seconds <= $passkey_seconds) AS by_passkey
      FROM operators o WHERE o.account_id = $account_id AND o.removed_at IS NULL`,
});

/** What is stored of a person as an operator, for themselves. */
export const exportOperators = statement({
  name: "operator.export",
  limit: "read",
  params: { account_id: uuid },
  row: { id: uuid, added_by: text, added_at: timestamp, removed_at: nullable(timestamp) },
  text: "SELECT id, added_by, added_at, removed_at FROM operators WHERE account_id = $account_id ORDER BY added_at, id",
});
