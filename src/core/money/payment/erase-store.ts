import { uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Takes what payments of these grants kept of calls and answers, and keeps it from coming back. Requests go too, so none is sent
 * again, and what becomes of an open payment is up to the chain alone. The digest of the quote could be guessed, because all
 * that is in it besides the call's input is known.
 */
export const eraseContentsOfPayments = statement({
  name: "payment.erase-contents",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: `
    UPDATE payments SET erased_at = now(), request = NULL, quote_digest = NULL, output = NULL, refusal = NULL, idempotency_key = NULL
     WHERE grant_id = ANY($grant_ids) AND erased_at IS NULL`,
});
