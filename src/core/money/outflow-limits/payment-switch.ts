import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { PaymentSwitch, SetPaymentSwitchInput } from "./schema.ts";
import type { Pause } from "./store.ts";
import { readPause, setPause } from "./store.ts";

const toView = ({ paused, reason, changedAt }: Pause): z.infer<typeof PaymentSwitch> => ({
  paused,
  reason,
  changed_at: changedAt.toISOString(),
});

export const getPaymentSwitch = async ({ db }: Pick<Deps, "db">): Promise<z.infer<typeof PaymentSwitch>> =>
  toView(await readPause(db));

/**
 * Pauses or resumes payments on all replicas at once. After a pause returns, no replica signs another
 * payment. Payments signed before are still sent and decided. Calls that cost nothing go on.
 */
export async function setPaymentSwitch(
  { sql, log }: Pick<Deps, "sql" | "log">,
  { paused, reason: given }: z.infer<typeof SetPaymentSwitchInput>,
): Promise<z.infer<typeof PaymentSwitch>> {
  const reason = given ?? null;
  const { changed_at: changedAt } = await setPause.one(sql, { paused, reason });
  log.warn(
    { event: paused ? "payments_paused" : "payments_resumed" },
    paused ? "payments were paused" : "payments were resumed",
  );
  return toView({ paused, reason, changedAt });
}
