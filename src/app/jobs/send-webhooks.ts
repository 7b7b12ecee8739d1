import type { Deps } from "../../core/context.ts";
import { takeDueEndpoints } from "../../core/webhooks/delivery/index.ts";
import { boundWaiting } from "../../core/webhooks/endpoint/index.ts";
import type { Job } from "./run-job.ts";

/** Endpoints that one server sends to at the same time: those that answer quickly, and those that are slow or fail. */
const PLACES = { quick: 32, troubled: 16 };

/**
 * Sends events to endpoints. A round doesn't wait for the answers, so a slow endpoint delays none that comes later.
 * @param count counts an attempt by its outcome
 */
export function sendWebhooks(deps: Deps, count: (outcome: string) => void): Job {
  const underWay = { quick: new Map<string, Promise<void>>(), troubled: new Map<string, Promise<void>>() };
  return {
    everyMs: 500,
    async run() {
      for (const kind of ["quick", "troubled"] as const) {
        const busy = underWay[kind];
        const most = PLACES[kind] - busy.size;
        const taken = await takeDueEndpoints(deps, { troubled: kind === "troubled", most, count });
        for (const { id, serve } of taken)
          busy.set(
            id,
            serve().finally(() => busy.delete(id)),
          );
      }
    },
    failure: { event: "webhooks_failed", message: "events weren't sent to webhooks" },
    finish: () => Promise.all([...underWay.quick.values(), ...underWay.troubled.values()]),
  };
}

/** Bounds how many events wait for an endpoint. */
export const boundWebhooks = (deps: Deps): Job => ({
  everyMs: 15_000,
  async run() {
    for (const { id, full } of await boundWaiting.all(deps.sql, {}))
      if (full)
        deps.log.warn(
          { event: "webhook_full", endpoint_id: id },
          "too many events wait for a webhook: further ones aren't kept for it",
        );
  },
  failure: { event: "webhooks_failed", message: "what waits for webhooks wasn't bounded" },
});
