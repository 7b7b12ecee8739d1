import { bigint, boolean, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Lists all payers of a user's call of a service, in the order in which they are tried: the service's own open budget,
 * then campaigns, the highest subsidy first, and the oldest first among equals. Search asks the same view, so it finds
 * exactly what one of these payers would pay for.
 */
export const listPayers = statement({
  name: "payer.list",
  limit: "money",
  params: { sponsored_api_id: uuid, user_id: uuid },
  row: {
    /** Null: the service's own open budget, which asks for no task. */
    campaign_id: nullable(uuid),
    sponsor_id: uuid,
    /** The sponsor's name. */
    sponsor: text,
    /** The payer's budget account. */
    account_id: uuid,
    /** Micros that the account has left. */
    remaining: bigint,
    /** Whether that is enough for what a call is expected to cost. */
    has_money: boolean,
    /** False if the service or the campaign is paused. */
    active: boolean,
    /** Whether the subsidy covers the service's price, with money on the network where the service is paid. */
    covers_price: boolean,
    /** Whether the user is in the campaign's target group. */
    eligible: boolean,
    /** Whether the user has calls left on the campaign. */
    has_calls_left: boolean,
    /** Whether the user has completed the task. True if there is no task. */
    completed: boolean,
    task_type: nullable(text),
    /** Until then the sponsor holds the user's answers back. Null: it doesn't. */
    held_until: nullable(timestamp),
  },
  text: `
    SELECT campaign_id, sponsor_id, sponsor, account_id, remaining, has_money, active, covers_price, eligible, has_calls_left,
           completed, task_type, held_until
      FROM service_payers WHERE sponsored_api_id = $sponsored_api_id AND user_id = $user_id
     ORDER BY subsidy_micros DESC NULLS FIRST, created_at, campaign_id`,
});

/** A possible payer of one user's call of one service. */
export type PayerRow = RowOf<typeof listPayers>;
