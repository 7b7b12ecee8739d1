import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Keeps a user from being deleted until the transaction ends. What stores something of a user does so first, or in its own
 * statement, so that nothing is stored after a deletion at the same moment. No row: the user is unknown, or deleted.
 */
export const shareUser = statement({
  name: "user.share",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM users WHERE id = $id AND deleted_at IS NULL FOR KEY SHARE",
});

/** Locks a user who is to be deleted, against everything that stores something of them. No row: deleted already. */
export const lockForDeletion = statement({
  name: "user.lock-for-deletion",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM users WHERE id = $id AND deleted_at IS NULL FOR UPDATE",
});

/** Leaves the id of a locked user, and nothing else. */
export const makeTombstone = statement({
  name: "user.make-tombstone",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: `
    UPDATE users SET deleted_at = now(), email = NULL, region = '', roles = '{}', tools_used = '{}', attributes = '{}', account_id = NULL
     WHERE id = $id`,
});
