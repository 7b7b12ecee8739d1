import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Leave } from "../../protocol/in-flight.ts";
import type { NextAction } from "../../protocol/next-actions.ts";

/** When a refused caller may ask again. A slot is free as soon as one call ends. */
const RETRY_SECONDS = 2;

/**
 * Takes a slot for a run of a service. A slow seller, or a caller who floods one service, then leaves sockets and memory
 * for the others. It is taken before the quote and kept until the paid answer is there, so a run is never refused after
 * something was reserved or signed for it. Counted by service and not by host, so that the services of several sponsors on
 * one host don't take slots from one another.
 * @throws `service_unavailable` if the service has no slot left
 */
export function enterService(
  { inFlight }: Pick<Deps, "inFlight">,
  serviceKey: string,
  nextActions: NextAction[] = [],
): Leave {
  const leave = inFlight.runs.enter(serviceKey);
  if (leave !== undefined) return leave;
  throw new AppError("service_unavailable", {
    message: `This service is busy: ${inFlight.runs.limit} calls of it are under way. Nothing was charged. Wait, then repeat the call.`,
    retryAfterSeconds: RETRY_SECONDS,
    nextActions,
  });
}

/**
 * Takes a slot for a direct call that hasn't paid yet. It costs its caller nothing, but us a request to the upstream.
 * @throws `rate_limited` if the address has no slot left
 */
export function enterUnpaid({ inFlight }: Pick<Deps, "inFlight">, clientAddress: string): Leave {
  const leave = inFlight.unpaid.enter(clientAddress);
  if (leave !== undefined) return leave;
  throw new AppError("rate_limited", {
    message: `${inFlight.unpaid.limit} unpaid calls of this client address are under way. Nothing was charged. Wait until some have ended, then repeat the call.`,
    retryAfterSeconds: RETRY_SECONDS,
  });
}
