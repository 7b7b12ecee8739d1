import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { isId } from "../../protocol/fields.ts";
import { listPaymentsOfUser } from "./own-payments-store.ts";
import { toView } from "./payment-view.ts";
import type { ListOwnPaymentsInput, ListOwnPaymentsOutput } from "./schema.ts";

const DEFAULT_LIMIT = 30;

/**
 * Lists the payments that all agents of the user caused, newest first.
 * @throws AppError `validation_error` for a cursor that no page gave
 */
export async function listOwnPayments(
  { sql, histories, actor }: Pick<Deps, "sql" | "histories"> & { actor: UserActor },
  { cursor, limit = DEFAULT_LIMIT, grant_id }: z.infer<typeof ListOwnPaymentsInput>,
): Promise<z.infer<typeof ListOwnPaymentsOutput>> {
  const before = readCursor(cursor);
  if (grant_id !== undefined && !isId(grant_id)) return { payments: [], next_cursor: null };
  const rows = await histories.run(callerKey({ actor }), () =>
    listPaymentsOfUser.all(sql, {
      user_id: actor.userId,
      before_micros: before?.micros ?? null,
      before_id: before?.id ?? null,
      limit: limit + 1,
      grant_id: grant_id ?? null,
    }),
  );
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    payments: page.map((row) => {
      const view = toView({
        ...{ id: row.id, sponsor: row.sponsor, campaignId: row.campaign_id, amountMicros: row.amount_micros },
        ...{ txHash: row.tx_hash, network: row.network, status: row.status },
      });
      return {
        payment_id: row.id,
        at: row.created_at.toISOString(),
        service_key: row.service,
        service_name: row.service_name,
        grant_id: row.grant_id,
        agent: { name: row.agent },
        sponsor: row.sponsor,
        campaign: row.campaign,
        amount_cents: view.amount_cents,
        status: view.status,
        waits_until: view.status === "pending" ? endOf(row.valid_before) : null,
        delivered: row.delivered,
        tx_hash: row.tx_hash,
        network: row.network,
        approved_above_rule: row.approved_above_rule,
        by_rule: row.by_rule,
      };
    }),
    next_cursor: nextCursor,
  };
}

/** When a signature ends. @param seconds since 1970. null: nothing was signed yet */
const endOf = (seconds: bigint | null): string | null =>
  seconds === null ? null : new Date(Number(seconds) * 1000).toISOString();
