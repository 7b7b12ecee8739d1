import type { Log } from "../../ports/log.ts";

/** Logs that a service was set aside, if one was. Its sponsor sees it in the service itself. */
export function logSetAside(log: Log, service: string | undefined): void {
  if (service === undefined) return;
  log.warn(
    { event: "service_set_aside", service },
    "a service gets no more calls: its seller was paid and brought nothing for several people in a row",
  );
}
