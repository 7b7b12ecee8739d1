import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { listPayments, paymentToView } from "../payment/index.ts";
import type { UsageInput, UsageOutput } from "./schema.ts";
import { sumBySponsor } from "./store.ts";

const DEFAULT_LIMIT = 20;

/**
 * Lists the payments made under this session's grant, newest first, and what each sponsor paid in all.
 * @throws `rate_limited`, `service_unavailable` if too many histories wait already
 */
export async function usageRecord(
  { db, histories, actor }: Pick<Deps, "db" | "histories"> & { actor: SessionActor },
  { offset = 0, limit = DEFAULT_LIMIT }: z.infer<typeof UsageInput>,
): Promise<z.infer<typeof UsageOutput>> {
  // One after the other, on one connection.
  const [{ payments, total }, sums] = await histories.run(callerKey({ actor }), async () => [
    await listPayments(db, actor.grantId, offset, limit),
    await sumBySponsor(db, actor.grantId),
  ]);
  return {
    payments: payments.map((payment) => ({
      ...paymentToView(payment),
      service: payment.service,
      created_at: payment.createdAt.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
    by_sponsor: sums.map(({ sponsor, calls, settled, pending }) => ({
      sponsor,
      calls,
      settled_cents: microsToCents(settled),
      pending_cents: microsToCents(pending),
    })),
  };
}
