import { uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Ends the approvals of a user and of their grants, and takes out what was asked, answered, and from where. Of the digest of
 * the question, which could be guessed, another one is made of the id.
 */
export const eraseApprovals = statement({
  name: "approval.erase",
  limit: "money",
  params: { user_id: uuid, grant_ids: uuids },
  row: {},
  text: `
    UPDATE approvals SET requested = '{}', granted = NULL, asked_from = NULL, request_digest = sha256(id::text::bytea),
           status = CASE WHEN status IN ('pending', 'approved') THEN 'expired' ELSE status END
     WHERE id IN (SELECT id FROM approvals WHERE user_id = $user_id OR grant_id = ANY($grant_ids) ORDER BY id FOR UPDATE)`,
});

/** As `user.share`, of the user whom an approval is for. */
export const shareUserOfApproval = statement({
  name: "approval.share-user",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: `
    SELECT id FROM users WHERE id = (SELECT user_id FROM approvals WHERE id = $id) AND deleted_at IS NULL FOR KEY SHARE`,
});
