import type { Deps, SessionActor } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Leave } from "../../protocol/in-flight.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";

/** When a refused caller may ask again. A slot is free as soon as one call ends. */
const RETRY_SECONDS = 2;

/**
 * Takes a slot for a run of a service. A slow seller, or a caller who floods one service, then leaves sockets and memory
 * for the others. It is taken before the quote and kept until the paid answer is there, so a run is never refused after
 * something was reserved or signed for it. Counted by service and not by host, so that the services of several sponsors on
 * one host don't take slots from one another.
 * @throws `service_unavailable` if the service has no slot left
 */
export function enterService({ inFlight }: Pick<Deps, "inFlight">, serviceKey: string): Leave {
  const leave = inFlight.runs.enter(serviceKey);
  if (leave !== undefined) return leave;
  throw busy(`${inFlight.runs.limit} calls of it`);
}

/**
 * Takes a slot for a sponsored run. One user has a quarter of a service's slots at most, whatever agents and sessions act.
 * @throws `service_unavailable` if the service has no slot left; `rate_limited` if the user has none
 */
export function enterForUser(
  ctx: Pick<Deps, "inFlight"> & { actor: SessionActor },
  serviceKey: string,
): Leave {
  const { userRuns, runs } = ctx.inFlight;
  const leaveUser = userRuns.enter(`${serviceKey} ${ctx.actor.userId}`);
  if (leaveUser === undefined)
    throw new AppError("rate_limited", {
      message: `${userRuns.limit} calls of this service are under way for this user. Nothing was charged. Wait until some have ended, then repeat the call.`,
      retryAfterSeconds: RETRY_SECONDS,
      nextActions: [next.flowStatus()],
    });
  const leaveService = runs.enter(serviceKey);
  if (leaveService !== undefined) return both(leaveUser, leaveService);
  leaveUser();
  throw busy(`${runs.limit} calls of it`, [next.searchServices()]);
}

/**
 * Takes a slot for a direct call that hasn't paid yet. It costs its caller nothing, but us a request to the upstream.
 * @throws `rate_limited` if the address has no slot left; `service_unavailable` if the service has no more for unpaid calls
 */
export function enterUnpaid(
  { inFlight: { unpaid, unpaidRuns } }: Pick<Deps, "inFlight">,
  clientAddress: string,
  serviceKey: string,
): Leave {
  const leaveAddress = unpaid.enter(clientAddress);
  if (leaveAddress === undefined)
    throw new AppError("rate_limited", {
      message: `${unpaid.limit} unpaid calls of this client address are under way. Nothing was charged. Wait until some have ended, then repeat the call.`,
      retryAfterSeconds: RETRY_SECONDS,
    });
  const leaveService = unpaidRuns.enter(serviceKey);
  if (leaveService !== undefined) return both(leaveAddress, leaveService);
  leaveAddress();
  throw busy(`${unpaidRuns.limit} unpaid calls of it`);
}

const both =
  (first: Leave, second: Leave): Leave =>
  () => {
    first();
    second();
  };

const busy = (what: string, nextActions: NextAction[] = []): AppError =>
  new AppError("service_unavailable", {
    message: `This service is busy: ${what} are under way. Nothing was charged. Wait, then repeat the call.`,
    retryAfterSeconds: RETRY_SECONDS,
    nextActions,
  });
