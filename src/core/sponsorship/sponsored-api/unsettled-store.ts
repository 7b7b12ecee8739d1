import { OPEN_AFTER_SIGNING } from "../../money/payment/index.ts";
import { lastOutage } from "../../money/settlement/index.ts";
import { boolean, text } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Sponsors stop paying for a service with so many signatures that didn't settle. */
const UNSETTLED_UNTIL_PAUSED = 5;
/** Most sellers settle before they answer. */
const TIME_TO_SETTLE = "interval '60 seconds'";
/** Older signatures don't count, so that a service which gets no calls any more isn't paused for good. */
const REMEMBERED = "interval '1 hour'";

/**
 * Whether sponsors have stopped paying for a service, because its last signatures didn't settle. Signatures from before
 * its last settlement don't count, nor those from before its network was last away. Calls that the seller didn't answer, or
 * answered with an error (4xx or 5xx, but not 402), count once for each person: else one person's input, which makes a good
 * seller fail, would stop it for everybody. Direct payments don't count, because strangers make them.
 */
export const readUnsettled = statement({
  name: "sponsored-api.read-unsettled",
  limit: "read",
  params: { service: text },
  row: { paused: boolean },
  text: `
    SELECT count(*) FILTER (WHERE NOT failed) + count(DISTINCT user_id) FILTER (WHERE failed) >= ${UNSETTLED_UNTIL_PAUSED} AS paused
      FROM (SELECT p.user_id, coalesce(p.upstream_status >= 400 AND p.upstream_status <> 402, true) AS failed
              FROM sponsored_apis s JOIN payments p ON p.service = s.service_key
             WHERE s.service_key = $service AND p.sponsor_id IS NOT NULL AND p.status IN ('${OPEN_AFTER_SIGNING.join("', '")}', 'expired')
               AND p.created_at > greatest(now() - ${REMEMBERED}, s.last_settled_at, ${lastOutage("s.network")})
               AND p.created_at < now() - ${TIME_TO_SETTLE}) unsettled`,
});

/** Records that sponsors have stopped paying for a service. Writes one row the first time of a pause, and else none. */
export const notePayersPaused = statement({
  name: "sponsored-api.note-payers-paused",
  limit: "money",
  params: { service: text },
  row: {},
  text: `
    UPDATE sponsored_apis SET payers_paused_at = now()
     WHERE service_key = $service AND coalesce(payers_paused_at < greatest(now() - ${REMEMBERED}, last_settled_at), true)`,
});
