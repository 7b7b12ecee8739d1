import { uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Takes what payments of these grants kept of calls and answers, and keeps it from coming back. A payment that isn't decided
 * keeps the request that it may have to send again. Its end takes that, as of every payment.
 */
export const eraseContentsOfPayments = statement({
  name: "payment.erase-contents",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: `
    UPDATE payments SET erased_at = now(), output = NULL, refusal = NULL, idempotency_key = NULL
     WHERE grant_id = ANY($grant_ids) AND erased_at IS NULL`,
});
