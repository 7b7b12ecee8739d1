import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { PaymentSwitch, SetPaymentSwitchInput } from "./schema.ts";
import type { Pause } from "./store.ts";
import { pauseOf, writePause } from "./store.ts";

const toView = ({ paused, reason, changed_at }: Pause): z.infer<typeof PaymentSwitch> => ({
  paused,
  reason,
  changed_at: changed_at.toISOString(),
});

export const getPaymentSwitch = async ({ db }: Pick<Deps, "db">): Promise<z.infer<typeof PaymentSwitch>> =>
  toView(await pauseOf(db));

/**
 * Stops or resumes paying, on every replica at once: when this returns, nothing more is signed. What was signed before
 * is still sent and decided, and everything that costs nothing goes on.
 */
export async function setPaymentSwitch(
  { db, log }: Pick<Deps, "db" | "log">,
  { paused, reason }: z.infer<typeof SetPaymentSwitchInput>,
): Promise<z.infer<typeof PaymentSwitch>> {
  const pause = await writePause(db, paused, reason ?? null);
  log.warn({ event: paused ? "payments_paused" : "payments_resumed" }, "the payment switch was set");
  return toView(pause);
}
