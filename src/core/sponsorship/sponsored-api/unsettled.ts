import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { notePayersPaused, readUnsettled } from "./unsettled-store.ts";

/** Open signatures are decided within five minutes, and one settlement ends the pause. */
const RETRY_SECONDS = 60;

/** Whether sponsors don't pay for the service at the moment, because its signatures don't settle. */
export const payersPaused = async (
  { sql }: Pick<Deps, "sql">,
  { serviceKey, payTo }: { serviceKey: string; payTo: string | null },
): Promise<boolean> => payTo !== null && (await readUnsettled.one(sql, { service: serviceKey })).paused;

/**
 * Refuses a run that a sponsor would pay for, while the service's signatures don't settle: each holds a sponsor's money
 * for five minutes.
 * @throws `service_unavailable`
 */
export async function requirePayersUnpaused(
  ctx: Pick<Deps, "sql" | "log">,
  api: { serviceKey: string; payTo: string | null },
): Promise<void> {
  if (!(await payersPaused(ctx, api))) return;
  if ((await notePayersPaused.count(ctx.sql, { service: api.serviceKey })) === 1)
    ctx.log.warn(
      { event: "service_paused_for_payers", service: api.serviceKey },
      "sponsors pay for no calls of a service: its last signatures didn't settle",
    );
  throw payersPausedError();
}

/** The error for a service that sponsors don't pay for at the moment. */
export const payersPausedError = (): AppError =>
  new AppError("service_unavailable", {
    message:
      "Sponsors don't pay for this service at the moment: it was sent several payments and hasn't taken them. Nothing was charged.",
    retryAfterSeconds: RETRY_SECONDS,
    nextActions: [next.searchServices()],
  });
